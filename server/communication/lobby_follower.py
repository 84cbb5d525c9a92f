"""The front door's copy of the main server's lobby.

Lists and waits cost the main server nothing. They are answered also while the main server is being replaced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from server.communication.following import PAGE, next_answer
from server.rooms.lobby import BEGINNING, Lobby, LobbyChange, LobbyCursor
from server.rooms.long_poll import LongPolls
from server.runtime.effects import Await, Effects
from server.runtime.retries import TAKEOVER_S, Retries
from server.runtime.timers import Timers
from wire.errors import NotReady

FOLLOW_RETRY_S = 0.02
KEPT_CLOSINGS = 5000
LOBBY = "lobby"
"""The key under which callers wait in ``long_polls``."""


class LobbyFollower:
    """A copy of the main server's lobby, and the callers that wait for its changes."""

    def __init__(self, timers: Timers, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.lobby = Lobby()
        self.complete = False  # whether the copy has had all rooms since the last reset
        self.long_polls = LongPolls(lambda _lobby, asked: self.changes(*asked), timers, clock)
        self._waits_for_revisions = LongPolls(lambda *_: {}, timers, clock)
        self.cursor = BEGINNING
        self._is_behind = True  # whether the main server may have more than its last answer
        self.draining: Mapping[str, object] | None = None
        """What clients get during a drain, by the main server's last answer; else None."""
        self._before = 0  # the revision before the last reset
        self.retries = Retries("lobby not followed", log_after_s=TAKEOVER_S)

    def follow(self) -> Effects[None]:
        """Keep the copy up to date. Without a main server, the copy stays as it is. Never ends."""
        while True:
            answer = yield from next_answer(
                "lobby_changes",
                *self.cursor,
                page=PAGE,
                behind=self._is_behind,
                retries=self.retries,
                retry_s=FOLLOW_RETRY_S,
            )
            self.apply(answer)

    def apply(self, answer: Mapping[str, Any]) -> None:
        """Apply an answer of the main server's ``lobby_changes`` since ``cursor``."""
        if answer["reset"]:
            self._reset()
        for change in answer["changed"]:
            self.lobby.put(LobbyChange(*change))
        self.lobby.forget_closed(but=KEPT_CLOSINGS)
        self.cursor = LobbyCursor(*answer["cursor"])
        self.draining = answer.get("draining")  # during an upgrade an older main server may not send it
        self._is_behind = answer["more"]
        if not self._is_behind:
            # A log that ends earlier than before is another log. No cursor in it is beyond its own end.
            forgotten = min(self._before + 1, self.cursor.revision)
            self.lobby.complete_up_to(self.cursor.revision, forgotten=forgotten)
            self.complete = True
        if self.complete and (answer["changed"] or answer["reset"]):
            self.long_polls.notify([LOBBY])
        self._waits_for_revisions.notify([LOBBY])

    def wait_for(self, revision: int, timeout_s: float) -> Effects[None]:
        """Wait until the copy has that revision, or the time is up."""
        until = self._clock() + timeout_s
        while self.lobby.revision < revision and (left_s := until - self._clock()) > 0:
            yield Await(self._waits_for_revisions.wait(LOBBY, None, left_s))

    def match_of(self, name: str) -> str | None:
        """Return the room of a running match of that name, or None. Raises NotReady while the copy is not complete."""
        self._check_complete()
        return self.lobby.matches.latest(name)

    def in_matches(self, names: Iterable[str]) -> list[str]:
        """Return the names that are known to be in a running match."""
        return [name for name in names if self.lobby.matches.of(name)]

    def matches_of(self, name: str) -> list[str]:
        """Return the known rooms of all running matches of that name."""
        return list(self.lobby.matches.of(name))

    def has_news(self, after: LobbyCursor) -> bool:
        """Return whether there are changes after that cursor."""
        return self.complete and self.lobby.has_news(after)

    def changes(self, after: LobbyCursor, limit: int) -> dict[str, object]:
        """Return what changed after a cursor, as clients get it.

        Raises NotReady while the copy is not complete: a part of the list must not look like all of it.
        """
        self._check_complete()
        return self.lobby.since(after, limit).for_clients()

    def _check_complete(self) -> None:
        if not self.complete:
            raise NotReady("the list of rooms is not complete yet")

    def _reset(self) -> None:
        """Drop the copy. Callers that wait have to read from the beginning, too."""
        self._before = self.lobby.revision
        self.lobby = Lobby()
        self.complete = False
