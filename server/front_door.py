"""The front door: what the communication server offers to anybody. Names, lobby, and where a room is.

It keeps a copy of the lobby, so that lists and waits cost the main server nothing and are answered also while that is
being replaced; names and new rooms it hands on to the main server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from game.errors import NoSuchRoom
from game.games import DEFAULT_GAME
from game.names import check_name
from server.herald import Herald
from server.lobby import BEGINNING, Change, Cursor, Lobby, cursor_from
from server.lookout import Glance
from server.presence import SAY_AGAIN_S, SHOWN, Presence
from server.security import token_hash
from server.settings import Settings
from wire import MAIN, PROTOCOL_VERSION, room_object
from wire.arguments import mapping, optional, remote, request_id, room_id, seconds, text, token, whole
from wire.errors import DeadlineExceeded, NotReady, TicTacToeError, Unreachable
from wire.incoming import LARGEST_CALL
from wire.later import Later
from wire.rpc import Remote, RemotePool
from wire.waiting import about_to_wait

PAGE = 200
FOLLOW_WAIT_S = 1.0
FOLLOW_AGAIN_S = 0.02
LOBBY = "lobby"
"""What is waited for here, as the herald knows it."""

logger = structlog.get_logger()


class LobbyCopy:
    """The main server's lobby as this server knows it, and who waits for it to change."""

    def __init__(self) -> None:
        self.lobby = Lobby()
        self.lock = threading.Condition()
        self.complete = False
        self.herald = Herald(lambda _lobby, asked: self.changes(*asked))
        self.cursor = BEGINNING
        self.draining: Mapping[str, object] | None = None
        """What everybody is told while the cluster is being emptied, as the main server last said."""
        self._before = 0

    def follow(self, main: Remote, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Keep the copy up to date until ``go_on()`` is false; while the main server is away it stays as it is."""
        while go_on():
            try:
                answer = main.call("lobby_changes", *self.cursor, PAGE, FOLLOW_WAIT_S, timeout_s=FOLLOW_WAIT_S + 2.0)
            except TicTacToeError as error:
                logger.debug("the lobby cannot be followed", why=error.message)
                main.close()
                pause(FOLLOW_AGAIN_S)
                continue
            self.take_in(answer)

    def take_in(self, answer: Mapping[str, Any]) -> None:
        """Take over an answer of the main server to the question for changes since ``cursor``."""
        with self.lock:
            if answer["reset"]:
                self._begin_anew()
            for change in answer["changed"]:
                self.lobby.put(Change(*change))
            self.cursor = Cursor(*answer["cursor"])
            self.draining = answer.get("draining")  # of one that is being upgraded it may be missing
            if not answer["more"]:
                # A log that ends earlier than before is another log, and its own end is as far as cursors can be.
                forgotten = min(self._before + 1, self.cursor.revision)
                self.lobby.complete_up_to(self.cursor.revision, forgotten=forgotten)
                self.complete = True
            if self.complete and (answer["changed"] or answer["reset"]):
                self.herald.happened_in([LOBBY])
            self.lock.notify_all()

    def wait_for(self, revision: int, timeout_s: float) -> None:
        """Wait until that change is in the copy, or the time is up."""
        with self.lock:
            if self.lobby.revision < revision:
                about_to_wait()
                self.lock.wait_for(lambda: self.lobby.revision >= revision, timeout_s)

    def has_news(self, after: Cursor) -> bool:
        """Whether there is something to tell who has read so far."""
        return self.complete and self.lobby.has_news(after)

    def changes(self, after: Cursor, limit: int) -> dict[str, object]:
        """What changed after a cursor, as clients get it. Raises NotReady while the beginning is not known."""
        with self.lock:
            if not self.complete and after == BEGINNING:
                raise NotReady("the list of rooms is not complete yet")
            return self.lobby.since(after, limit).for_clients()

    def _begin_anew(self) -> None:
        """What was known before counts no more; whoever waits has to begin anew as well."""
        self._before = self.lobby.revision
        self.lobby = Lobby()
        self.complete = False


class FrontDoor:
    """The remote object ``communication_server``."""

    def __init__(self, copy: LobbyCopy, main: RemotePool, glance: Glance, settings: Settings) -> None:
        self._copy = copy
        self._main = main
        self._glance = glance
        self._settings = settings
        self._presence = Presence(most=settings.max_connections)
        self._presence_lock = threading.Lock()

    @remote()
    def describe(self) -> dict[str, object]:
        """Which server this is, which version of the protocol it speaks, its limits for callers, and whether the
        cluster is being emptied.
        """
        return {
            "role": "communication_server",
            "protocol": PROTOCOL_VERSION,
            "max_wait_s": self._settings.max_wait_s,
            "max_message_bytes": self._settings.max_message_bytes,
            "max_call_bytes": min(LARGEST_CALL, self._settings.max_message_bytes),
            "draining": self._copy.draining,
        }

    @remote(name=text(longest=64), token=token)
    def claim(self, name: str, token: str) -> dict[str, object]:
        """Claim a username with a secret token of one's own making, or come back to it with the same token."""
        answer = self._ask_main("claim", check_name(name), token_hash(token))
        return {"name": answer["name"]}

    @remote(
        token=token,
        request_id=request_id,
        title=optional(text(longest=200), ""),
        game=optional(text(longest=40), DEFAULT_GAME),
        options=optional(mapping(most_fields=20), {}),
        terms=optional(mapping(most_fields=20), {}),
    )
    def create(
        self,
        token: str,
        request_id: str,
        title: str,
        game: str,
        options: Mapping[str, object],
        terms: Mapping[str, object],
    ) -> dict[str, object]:
        """Open a room; the answer says its id and where it is. Whoever has it finds the room in the list, unless it is
        private: then the answer has its invite ``code``. ``terms``: best_of, clock, private.
        """
        answer = self._ask_main("create", token_hash(token), request_id, title, game, dict(options), dict(terms))
        self._copy.wait_for(answer["revision"], FOLLOW_WAIT_S)
        room = str(answer["room"])
        return {"room": room, "version": answer["version"], "code": answer["code"], **self._where(room)}

    @remote(after=optional(text(longest=40), ""), limit=optional(whole(1, PAGE), PAGE))
    def rooms(self, after: str, limit: int) -> dict[str, object]:
        """Open rooms, or what changed in the list of them since a cursor; see ``wait_rooms``."""
        return self._copy.changes(cursor_from(after), limit)

    @remote(
        after=optional(text(longest=40), ""),
        timeout_s=optional(seconds(3600.0), 0.0),
        limit=optional(whole(1, PAGE), PAGE),
    )
    def wait_rooms(self, after: str, timeout_s: float, limit: int) -> dict[str, object] | Later:
        """The same, but if nothing has changed since the cursor wait until something does, or the time is up."""
        cursor = cursor_from(after)
        with self._copy.lock:
            if not self._copy.has_news(cursor) and timeout_s > 0:
                return self._copy.herald.wait(LOBBY, (cursor, limit), min(timeout_s, self._settings.max_wait_s))
        return self._copy.changes(cursor, limit)

    @remote(room=room_id)
    def where_is(self, room: str) -> dict[str, object]:
        """Host, port and object name of a room. Raises NoSuchRoom."""
        with self._copy.lock:
            known = room in self._copy.lobby.rows
        # A room can be younger than this copy of the lobby.
        if not known and not self._ask_main("is_open", room):
            raise NoSuchRoom("there is no such room (any more)")
        return self._where(room)

    @remote(name=text(longest=64), token=token)
    def online(self, name: str, token: str) -> dict[str, object]:
        """Say that one is online, and hear who else is, and whether the cluster is being emptied. Who says no more is
        gone after some seconds.
        """
        hashed = token_hash(token)
        with self._presence_lock:
            known = self._presence.knows(name, hashed, time.monotonic())
        if not known:
            name = self._ask_main("claim", check_name(name), hashed)["name"]
        with self._presence_lock:
            self._presence.heard(name, hashed, time.monotonic())
            names = self._presence.names(time.monotonic())
        told = {"draining": self._copy.draining}
        return {"names": names[:SHOWN], "count": len(names), "again_s": SAY_AGAIN_S, **told}

    @remote()
    def servers(self) -> dict[str, object]:
        """How the four servers are, and which were replaced lately."""
        about_to_wait()
        return self._glance.take()

    def _where(self, room: str) -> dict[str, object]:
        host, port = self._settings.public_address_of(MAIN)
        return {"host": host, "port": port, "object": room_object(room)}

    def _ask_main(self, method: str, *arguments: object) -> Any:
        """Ask the main server; a second time at once if that fails, for the connection may be from before a takeover.

        Whatever is asked can be asked twice: names by their token, rooms by their request id.
        """
        for again in (True, False):
            try:
                return self._main.call(method, *arguments, timeout_s=self._settings.hang_s * 2)
            except Unreachable as error:
                if not again or isinstance(error, DeadlineExceeded):
                    break
        raise NotReady("the main server is being replaced: try again")
