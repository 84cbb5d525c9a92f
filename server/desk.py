"""The main server's desk: every command comes by here on its way to the log, every question on its way to the house.
Usernames have a part of their own, ``name_desk``.

Who asks is checked first, by the token; then limits; the rest is decided where the log is. Room objects and the peer
object are thin: they check arguments and ask here.
"""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog

from game import rooms
from game.commands import HOUSE, Close, Command, Create, Leave
from game.errors import InvalidArgument, Refusal
from game.room import Room
from server.command_port import CommandPort
from server.house import House
from server.ids import house_request, room_id_of
from server.name_desk import NameDesk
from server.security import token_hash
from server.settings import Settings
from server.streams import room_stream
from wire.errors import Busy
from wire.later import Later, now

INVITE_BYTES = 6
"""Random bytes of an invite code."""
VISITED_AT_ONCE = 50

logger = structlog.get_logger()


class Desk:
    """Takes commands and questions of people. Safe for threads."""

    def __init__(
        self,
        house: House,
        committer: CommandPort,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        *,
        house_bot: str = "",
        tidies: bool = True,
    ) -> None:
        """``house_bot``: the hash of the token under which the servers themselves play. ``tidies``: whether ``tidy`` is
        going to be called; without it nothing has to be known of who was seen when.
        """
        self._tidies = tidies
        self._house = house
        self._committer = committer
        self._settings = settings
        self._clock = clock
        self.names = NameDesk(house, committer, settings, clock, house_bot=house_bot)
        self._seen_lock = threading.Lock()
        self._seen: dict[tuple[str, str], float] = {}  # room and name -> when; what is longest ago first
        self._opened_at = clock()

    # -- rooms ----------------------------------------------------------------------------------------------------

    def create(
        self,
        hashed_token: str,
        request_id: str,
        title: str,
        game: str,
        options: Mapping[str, object],
        terms: Mapping[str, object],
    ) -> dict[str, object]:
        """Open a room; its id follows from who asks with which request, so a retry finds the same room. ``revision``:
        of a lobby that has it; ``code``: its invite code, empty if it is not private.
        """
        by = self.names.who(hashed_token)
        room = room_id_of(by, request_id)
        self.check_new_room(room)
        private, best_of, clock = terms.get("private", False), terms.get("best_of", 0), terms.get("clock", "none")
        if not isinstance(private, bool):
            raise InvalidArgument("private must be true or false")
        code = secrets.token_hex(INVITE_BYTES) if private else ""
        create = Create(by, request_id, title, game, options, best_of, clock, code)
        answer = now(self._committer.submit(room_stream(room), create))
        return {
            "room": room,
            "version": answer["version"],
            "revision": self._house.lobby_revision,
            "code": self._house.room(room).entry.code,
        }

    def check_new_room(self, room: str) -> None:
        """Raise Busy when there is no place for one room more, and this would be one."""
        new = self._house.state_of(room_stream(room)).phase == "new"
        if new and self._house.open_rooms >= self._settings.max_rooms:
            raise Busy("there are as many rooms as the settings allow")

    def expect(self, room: str, names: Iterable[str]) -> None:
        """These are being seated in a room, and will come: they count as seen there now."""
        for name in names:
            self._saw(room, name)

    # -- in a room ------------------------------------------------------------------------------------------------

    def command(self, token: str, room: str, make: Callable[[str], Command]) -> Mapping[str, object] | Later:
        """Carry out the command that ``make`` makes for the caller's username; its answer may come later."""
        by = self.names.who(token_hash(token))
        self._saw(room, by)
        return self._committer.submit(room_stream(room), make(by))

    def view(self, token: str, room: str) -> dict[str, Any]:
        """The view of a room."""
        by = self.names.who(token_hash(token))
        rooms.check_may_see(self._house.room(room), by)
        self._saw(room, by)
        return self._house.view(room)

    def invite(self, token: str, room: str) -> dict[str, object]:
        """The invite code of a room, for those who are inside; empty if it is not private."""
        by = self.names.who(token_hash(token))
        state = self._house.room(room)
        rooms.check_may_see(state, by)
        return {"code": state.entry.code}

    def wait(self, token: str, room: str, after_version: int, timeout_s: float) -> dict[str, Any] | Later:
        """What happened in a room after a version, maybe later."""
        by = self.names.who(token_hash(token))
        rooms.check_may_see(self._house.room(room), by)
        self._saw(room, by)
        return self._house.wait(room, after_version, min(timeout_s, self._settings.max_wait_s))

    # -- tidying --------------------------------------------------------------------------------------------------

    def tidy(self) -> list[str]:
        """Do what time asks for: people unseen for long leave, idle rooms leave memory or close, closed ones go, names
        are let go.

        Returns the streams that can go from the journals.
        """
        settings = self._settings
        before = self._clock() - settings.away_s
        if self._opened_at < before:
            self._house.visit(VISITED_AT_ONCE)
        for room in self._house.in_memory():
            self._let_unseen_leave(room, before)
        self._forget_unseen(before)
        for room_id in self._house.idle(settings.room_expire_s):
            self._on_behalf(room_id, Close(HOUSE, house_request()))
        self.names.release_unheard()
        gone = self._house.let_go(self._house.idle(settings.room_idle_s))
        if gone:
            logger.debug("rooms left memory", rooms=gone)
        return self._house.forget_closed(but=self._settings.keep_closed_rooms)

    def _let_unseen_leave(self, room: Room, before: float) -> None:
        present = [name for name in (*room.players, *room.spectators) if room.has(name)]
        not_known = max(self._opened_at, before)  # not seen since then, and maybe for longer
        with self._seen_lock:
            seen = {name: self._seen.get((room.id, name), not_known) for name in present}
            unseen = [name for name in present if seen[name] <= before]
            for name in unseen:
                self._seen.pop((room.id, name), None)
        for name in unseen:
            unseen_ms = int(1000 * (self._clock() - seen[name]))
            self._on_behalf(room.id, Leave(name, house_request(), unseen_ms))

    def _forget_unseen(self, before: float) -> None:
        """Who was seen long ago is remembered no more: most have left that room, or it is closed."""
        with self._seen_lock:
            for long_ago in list(itertools.takewhile(lambda one: self._seen[one] <= before, self._seen)):
                del self._seen[long_ago]

    def _on_behalf(self, room: str, command: Command) -> None:
        try:
            now(self._committer.submit(room_stream(room), command))
        except Refusal as refusal:
            logger.debug("not done on behalf", room=room, why=refusal.message)

    def _saw(self, room: str, name: str) -> None:
        if not self._tidies:
            return
        with self._seen_lock:
            self._seen.pop((room, name), None)
            self._seen[room, name] = self._clock()
