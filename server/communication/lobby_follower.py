"""The front door's copy of the main server's lobby: lists and waits cost the main server nothing, and are answered also
while that is being replaced.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from game.errors import TicTacToeError
from server.rooms.lobby import BEGINNING, Lobby, LobbyChange, LobbyCursor, OpenMatches
from server.rooms.long_poll import LongPolls
from server.runtime.retries import TAKEOVER_S, Retries
from wire.errors import NotReady
from wire.rpc import Proxy
from wire.waiting import about_to_wait

PAGE = 200
FOLLOW_WAIT_S = 1.0
FOLLOW_AGAIN_S = 0.02
LOBBY = "lobby"
"""What is waited for here, as the herald knows it."""


class LobbyFollower:
    """The main server's lobby as this server knows it, and who waits for it to change."""

    def __init__(self) -> None:
        self.lobby = Lobby()
        self.lock = threading.Condition()
        self.complete = False
        self.herald = LongPolls(lambda _lobby, asked: self.changes(*asked))
        self.cursor = BEGINNING
        self.matches = OpenMatches()
        self.draining: Mapping[str, object] | None = None
        """What everybody is told while the cluster is being emptied, as the main server last said."""
        self._before = 0
        self.retries = Retries("the lobby cannot be followed", patience_s=TAKEOVER_S)

    def follow(self, main: Proxy, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Keep the copy up to date until ``go_on()`` is false; while the main server is away it stays as it is."""
        while go_on():
            try:
                answer = main.call("lobby_changes", *self.cursor, PAGE, FOLLOW_WAIT_S, timeout_s=FOLLOW_WAIT_S + 2.0)
            except TicTacToeError as error:
                self.retries.failed(error)
                main.close()
                pause(FOLLOW_AGAIN_S)
                continue
            self.retries.succeeded()
            self.take_in(answer)

    def take_in(self, answer: Mapping[str, Any]) -> None:
        """Take over an answer of the main server to the question for changes since ``cursor``."""
        with self.lock:
            if answer["reset"]:
                self._begin_anew()
            for change in answer["changed"]:
                one = LobbyChange(*change)
                self.lobby.put(one)
                self.matches.put(one.room, one.row)
            self.cursor = LobbyCursor(*answer["cursor"])
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

    def match_of(self, name: str) -> str | None:
        """The room of somebody's match that goes on. Raises NotReady while not all rooms are known."""
        with self.lock:
            if not self.complete:
                raise NotReady("the list of rooms is not complete yet")
            return self.matches.of(name)

    def in_matches(self, names: Iterable[str]) -> list[str]:
        """Those of them who are in a match that goes on, as far as it is known."""
        with self.lock:
            return [name for name in names if self.matches.of(name) is not None]

    def matches_of(self, name: str) -> list[str]:
        """The rooms of all matches that somebody is in and that go on, as far as they are known."""
        with self.lock:
            return self.matches.rooms_of(name)

    def has_news(self, after: LobbyCursor) -> bool:
        """Whether there is something to tell who has read so far."""
        return self.complete and self.lobby.has_news(after)

    def changes(self, after: LobbyCursor, limit: int) -> dict[str, object]:
        """What changed after a cursor, as clients get it. Raises NotReady while the beginning is not known."""
        with self.lock:
            if not self.complete and after == BEGINNING:
                raise NotReady("the list of rooms is not complete yet")
            return self.lobby.since(after, limit).for_clients()

    def _begin_anew(self) -> None:
        """What was known before counts no more; whoever waits has to begin anew as well."""
        self._before = self.lobby.revision
        self.lobby = Lobby()
        self.matches = OpenMatches()
        self.complete = False
