"""The matchmaking of a simulated communication server: the real ``Seekers`` and ratings, without threads.

As in the real server, a seek lasts as long as its call is open. A seeker without an open call is not matched.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from game.errors import TicTacToeError
from game.games.registry import DEFAULT_GAME, PLAYERS_OF_A_MATCH, short_list
from game.match.matchmaking import Seeker, Seekers
from game.match.selection import SeekFilter
from game.rooms.commands import SYSTEM_REQUESTS
from server.communication.following import PAGE
from server.communication.game_index import GameIndex
from server.communication.lobby_follower import LobbyFollower
from server.communication.matchmaker import RETRY_S, TICK_S
from server.rooms.pairing import Pairing
from server.runtime.effects import Await, Effects, Sleep
from simulator.cluster.servers.rpc import Process, SimulatedHost
from simulator.engine.node import Incarnation
from wire import MAIN
from wire.later import Later, answered

OPEN_S = 0.4
"""How long a seek call stays open, in seconds."""
ASK_S = 0.5
FOLLOW_S = 0.3


class SimulatedMatchmaker:
    """The matchmaking of one incarnation of a communication server."""

    def __init__(self, process: Process, copy: LobbyFollower) -> None:
        self._process = process
        self._copy = copy
        self.archive = GameIndex(SimulatedHost(process), lambda: process.now)
        self._seekers = Seekers(short_list(DEFAULT_GAME), players=PLAYERS_OF_A_MATCH)
        # By name: the open seek call, its caller, and when it is answered at the latest.
        self._open_calls: dict[str, tuple[Later, Incarnation, float]] = {}
        # Names in pairings without an answer from the main server. They are not matched again.
        self._being_matched: set[str] = set()
        self._ticks = False
        self._pairings = 0

    def follow_archive(self) -> Effects[None]:
        """Read the game archive's records after the last known one. Never ends."""
        while True:
            with contextlib.suppress(TicTacToeError):
                call = self._process.call(MAIN, "records_after", self.records, PAGE, timeout_s=ASK_S)
                self.archive.apply((yield Await(call)))
            yield Sleep(FOLLOW_S)

    @property
    def records(self) -> int:
        """Return how many records are known."""
        return self.archive.count

    # -- requests -------------------------------------------------------------------------------------------------

    def seek(self, name: str, effect: Sequence[str]) -> Later:
        """Register a seek, or answer at once with the match that the player is already in."""
        room = self._copy.match_of(name)
        if room is not None:
            return answered({"room": room})
        later = Later()
        self._open_calls[name] = (later, self._process.caller, self._process.now + OPEN_S)
        if name not in self._being_matched:
            seeker = Seeker(name, SeekFilter(*effect), self.archive.rating_of(name), self._process.now)
            self._seekers.add(seeker)
        if not self._ticks:
            self._ticks = True
            self._process.set_timer(TICK_S, self._tick)
        return later

    def cancel(self, name: str) -> Effects[dict[str, object]]:
        """Cancel a seek. If a match is being opened, answer with its room once it exists."""
        self._seekers.drop(name)
        while name in self._being_matched:
            yield Sleep(RETRY_S)
            self._seekers.drop(name)
        return {"room": self._copy.match_of(name)}

    # -- matching -------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self._process.now
        for name, (_, caller, until_s) in list(self._open_calls.items()):
            if not caller.alive or now > until_s:
                self._seekers.drop(name)
                self._answer(name, None)
        groups = self._seekers.groups(now)
        self._being_matched.update(seeker.name for group in groups for seeker in group)
        if groups:
            self._process.run(self._open_matches([self._pairing(group) for group in groups]))
        self._ticks = bool(self._open_calls)
        if self._ticks:
            self._process.set_timer(TICK_S, self._tick)

    def _pairing(self, group: Sequence[Seeker]) -> Pairing:
        self._pairings += 1
        choices = self._seekers.choices_of(group)
        request = f"{SYSTEM_REQUESTS}{self._process.incarnation}-{self._pairings}".replace("#", "-")
        return Pairing(request, (group[0].name, group[1].name), choices)

    def _open_matches(self, pairings: Sequence[Pairing]) -> Effects[None]:
        """Request rooms for these pairings. Retry with the same request ids until there is an answer."""
        while True:
            try:
                answer = yield Await(self._process.call(MAIN, "open_matches", pairings, timeout_s=ASK_S))
                break
            except TicTacToeError:
                yield Sleep(RETRY_S)
        for pairing, one in zip(pairings, answer["opened"], strict=True):
            for name in pairing.players:
                self._being_matched.discard(name)
                self._answer(name, one["room"] or one["taken"].get(name))

    def _answer(self, name: str, room: str | None) -> None:
        if name in self._open_calls:
            later, _, _ = self._open_calls.pop(name)
            later.answer({"room": room})
