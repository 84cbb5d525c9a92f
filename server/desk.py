"""The main server's desk: every command comes by here on its way to the log, every question on its way to the house.
Usernames have a part of their own, ``name_desk``.

Who asks is checked first, by the token; then limits; the rest is decided where the log is. Room objects and the peer
object are thin: they check arguments and ask here.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from game.commands import HOUSE, HOUSE_REQUESTS, Close, Command, Create, Leave
from game.errors import Refusal
from game.room import Room
from server.group_commit import Committer
from server.house import House
from server.name_desk import NameDesk
from server.security import token_hash
from server.settings import Settings
from server.streams import room_stream
from wire.errors import Busy
from wire.later import Later, now

KEPT_CLOSED_ROOMS = 1000
VISITED_AT_ONCE = 50

logger = structlog.get_logger()


class Desk:
    """Takes commands and questions of people. Safe for threads."""

    def __init__(self, house: House, committer: Committer, settings: Settings) -> None:
        self._house = house
        self._committer = committer
        self._settings = settings
        self.names = NameDesk(house, committer, settings)
        self._seen_lock = threading.Lock()
        self._seen: dict[tuple[str, str], float] = {}
        self._opened_at = time.monotonic()

    # -- rooms ----------------------------------------------------------------------------------------------------

    def create(
        self, hashed_token: str, request_id: str, title: str, game: str, options: Mapping[str, object]
    ) -> dict[str, object]:
        """Open a room; its id follows from who asks with which request, so a retry finds the same room. ``revision``:
        of a lobby that has it.
        """
        by = self.names.who(hashed_token)
        room = _room_id(by, request_id)
        new = self._house.state_of(room_stream(room)).phase == "new"
        if new and self._house.open_rooms >= self._settings.max_rooms:
            raise Busy("there are as many rooms as the settings allow")
        answer = now(self._committer.submit(room_stream(room), Create(by, request_id, title, game, options)))
        return {"room": room, "version": answer["version"], "revision": self._house.lobby_revision}

    # -- in a room ------------------------------------------------------------------------------------------------

    def command(self, token: str, room: str, make: Callable[[str], Command]) -> Mapping[str, object] | Later:
        """Carry out the command that ``make`` makes for the caller's username; its answer may come later."""
        by = self.names.who(token_hash(token))
        self._saw(room, by)
        return self._committer.submit(room_stream(room), make(by))

    def view(self, token: str, room: str) -> dict[str, Any]:
        """The view of a room."""
        self._saw(room, self.names.who(token_hash(token)))
        return self._house.view(room)

    def wait(self, token: str, room: str, after_version: int, timeout_s: float) -> dict[str, Any] | Later:
        """What happened in a room after a version, maybe later."""
        self._saw(room, self.names.who(token_hash(token)))
        return self._house.wait(room, after_version, min(timeout_s, self._settings.max_wait_s))

    # -- tidying --------------------------------------------------------------------------------------------------

    def tidy(self) -> list[str]:
        """Do what time asks for: people unseen for long leave, idle rooms leave memory or close, closed ones go, names
        are let go.

        Returns the streams that can go from the journals.
        """
        settings = self._settings
        if time.monotonic() > self._opened_at + settings.away_s:
            self._house.visit(VISITED_AT_ONCE)
        for room in self._house.in_memory():
            self._let_unseen_leave(room)
        for room_id in self._house.idle(settings.room_expire_s):
            self._on_behalf(room_id, Close(HOUSE, _house_request()))
        self.names.release_unheard()
        gone = self._house.let_go(self._house.idle(settings.room_idle_s))
        if gone:
            logger.debug("rooms left memory", rooms=gone)
        return self._house.forget_closed(but=KEPT_CLOSED_ROOMS)

    def _let_unseen_leave(self, room: Room) -> None:
        before = time.monotonic() - self._settings.away_s
        present = [name for name in (*room.players, *room.spectators) if room.has(name)]
        with self._seen_lock:
            unseen = [name for name in present if self._seen.get((room.id, name), self._opened_at) < before]
            for name in unseen:
                self._seen.pop((room.id, name), None)
        for name in unseen:
            self._on_behalf(room.id, Leave(name, _house_request()))

    def _on_behalf(self, room: str, command: Command) -> None:
        try:
            now(self._committer.submit(room_stream(room), command))
        except Refusal as refusal:
            logger.debug("not done on behalf", room=room, why=refusal.message)

    def _saw(self, room: str, name: str) -> None:
        with self._seen_lock:
            self._seen[room, name] = time.monotonic()


def _room_id(by: str, request_id: str) -> str:
    digest = hashlib.sha256(f"{by}\n{request_id}".encode()).digest()
    return base64.b32encode(digest[:5]).decode().lower()


def _house_request() -> str:
    return f"{HOUSE_REQUESTS}{secrets.token_hex(8)}"
