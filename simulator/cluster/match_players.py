"""Simulated people who ask for matches, make proposals and play a series with clocks. Then they seek again.

Some of their moves are illegal or late. They record their calls like the players in a room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from game.errors import TicTacToeError
from game.match.offers import OFFER_KINDS
from game.rooms.commands import (
    Accept,
    ClaimGame,
    Command,
    Decline,
    Leave,
    Move,
    Offer,
    Propose,
    Rematch,
    Resign,
    Say,
)
from server.runtime.effects import Effects, Sleep
from simulator.cluster.clients import LONGEST_DELAY_S, Participant, SimulatedRoom
from wire import COMMUNICATION

BOARD = "3x3"
CLOCK_FILTERS = ("any", "any", "any", "10s", "10s")
THINK_S = 0.25
P_LONG_PAUSE, LONG_PAUSE_S = 0.08, 1.5
"""The probability that a player waits before an action, and the longest wait in seconds. A second is ten on
the clock."""
P_PROPOSE, P_CHAT, P_OFFER, P_ANSWER, P_LEAVE, P_RESIGN = 0.4, 0.06, 0.2, 0.6, 0.08, 0.04
"""The probability of each action, whenever it is possible."""
LAST_SEEK_S = 1.0
P_RESIGN_LATE = 0.3
"""The probability that a player resigns once its time is over."""


@dataclass
class Matches:
    """The rooms of all matches that any player was assigned to."""

    match_players: tuple[str, ...]
    rooms: dict[str, SimulatedRoom] = field(default_factory=dict)

    def room(self, room_id: str) -> SimulatedRoom:
        """Return the room that records the calls on a room; create it if needed."""
        return self.rooms.setdefault(room_id, SimulatedRoom(room_id, "", self.match_players, lasting=True))


class SimulatedMatchPlayer(Participant):
    """Plays one match after another until its time is over. It plays the last match to its end."""

    def __init__(self, matches: Matches, *, until_s: float) -> None:
        super().__init__()
        self._matches = matches
        self._until_s = until_s

    def _server_for(self, method: str) -> str:
        return COMMUNICATION if method in ("seek", "cancel_seek") else super()._server_for(method)

    @property
    def _is_late(self) -> bool:
        return self.now >= self._until_s

    def act(self) -> Effects[None]:
        yield self.pause(LONGEST_DELAY_S)
        while True:
            is_late = self._is_late
            criteria = () if is_late else ((BOARD, self.rng.choice(CLOCK_FILTERS)),)
            try:
                answer = yield from self.ask("cancel_seek" if is_late else "seek", self.name, *criteria)
            except TicTacToeError:
                yield self.pause(THINK_S)
                continue
            if answer["room"] is not None:
                self.finished = False
                self.room = self._matches.room(answer["room"])
                yield from self._play_match()
            elif is_late:
                # A communication server that died may have requested a match that opens only now. A second look finds
                # it.
                self.finished = True
                yield Sleep(LAST_SEEK_S)
            else:
                yield self.pause(THINK_S)

    def _play_match(self) -> Effects[None]:
        """Play until the series is over, and leave."""
        while True:
            view = yield from self.read_view()
            yield self._pause_in_match()
            if view is None:
                continue
            seat = next(seat for seat, owner in view["seats"].items() if owner["name"] == self.name)
            is_over = view["series_over"] or view["phase"] == "closed"
            if is_over and (view["phase"] == "closed" or not view["seats"][seat]["present"]):
                return
            if is_over:
                command: Command | None = Leave(self.name, self.new_request())
            else:
                command = self._choose(view, seat, "O" if seat == "X" else "X")
            if command is not None:
                yield from self.send_command(command)
                yield self._pause_in_match()

    def _pause_in_match(self) -> Sleep:
        long_pause = self.rng.random() < P_LONG_PAUSE
        return self.pause(LONG_PAUSE_S if long_pause else THINK_S)

    def _choose(self, view: Any, seat: str, opponent: str) -> Command | None:
        me, request, rng = self.name, self.new_request(), self.rng
        if rng.random() < P_CHAT:
            return Say(me, request, f"{me} says {rng.choice(('hello', 'good luck', 'thank you'))}")
        if rng.random() < P_LEAVE:
            return Leave(me, request)
        if view["phase"] == "selecting":
            return Propose(me, request, self._proposal(view["selection"])) if rng.random() < P_PROPOSE else None
        if view["phase"] == "finished":
            if view["rematch"] and rng.random() < 0.2:  # noqa: PLR2004  # now and then
                return Decline(me, request, "rematch")
            return Rematch(me, request)
        return self._play(view, seat, opponent, request)

    def _proposal(self, selection: Any) -> dict[str, object]:
        draw = self.rng.choice
        best_of = draw(selection["best_ofs"][:2])
        return {"board": draw(selection["boards"]), "best_of": best_of, "clock": draw(selection["clocks"])}

    def _play(self, view: Any, seat: str, opponent: str, request: str) -> Command | None:
        me, rng = self.name, self.rng
        offered = [what for by, what in view["offers"] if by == opponent]
        if offered and rng.random() < P_ANSWER:
            return rng.choice((Accept, Decline))(me, request, rng.choice(offered))
        if rng.random() < P_OFFER:
            return Offer(me, request, rng.choice(OFFER_KINDS))
        if rng.random() < (P_RESIGN_LATE if self._is_late else P_RESIGN):
            return Resign(me, request)
        if not view["seats"][opponent]["present"] and rng.random() < P_OFFER:
            return ClaimGame(me, request, rng.choice(("win", "draw")))
        if view["turn"] != seat:
            return None
        return Move(me, request, self.choose_cell(view["board"]["cells"]))
