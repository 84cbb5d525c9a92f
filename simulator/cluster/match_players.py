"""Simulated people who ask for matches, make proposals and play a series with clocks. Then they seek again.

Some of their moves are illegal or late. They record their calls like the players in a room.
"""

from __future__ import annotations

from collections.abc import Callable
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
from simulator.cluster.clients import GIVE_UP_AFTER_S, Participant, SimulatedRoom
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
        super().__init__(until_s=until_s)
        self._matches = matches

    def begin(self) -> None:
        self.set_timer(self.rng.uniform(0.0, 0.3), self._seek)

    def _server_for(self, method: str) -> str:
        return COMMUNICATION if method in ("seek", "cancel_seek") else super()._server_for(method)

    # -- in the lobby ---------------------------------------------------------------------------------------------

    @property
    def _is_late(self) -> bool:
        return self.now >= self.until_s

    def _seek(self) -> None:
        criteria = () if self._is_late else ((BOARD, self.rng.choice(CLOCK_FILTERS)),)
        self.call_until_answered(
            "cancel_seek" if self._is_late else "seek",
            (self.name, *criteria),
            self._on_seek_answer,
            self._soon(self._seek),
            give_up_at=self.now + GIVE_UP_AFTER_S,
        )

    def _on_seek_answer(self, answer: Any) -> None:
        if answer["room"] is not None:
            self.until_s = max(0.0, self.until_s)
            self.room = self._matches.room(answer["room"])
            self.read_view()
        elif self._is_late:
            # A communication server that died may have requested a match that opens only now. A second look finds it.
            self.until_s = -1.0
            self.set_timer(LAST_SEEK_S, self._seek)
        else:
            self._soon(self._seek)(None)

    def _soon(self, action: Callable[[], None]) -> Callable[[TicTacToeError | None], None]:
        def later(_error: TicTacToeError | None) -> None:
            self.set_timer(self.rng.uniform(0.0, THINK_S), action)

        return later

    # -- in the match ---------------------------------------------------------------------------------------------

    def go_on(self, view: Any) -> None:
        long_pause = self.rng.random() < P_LONG_PAUSE
        self.set_timer(self.rng.uniform(0.0, LONG_PAUSE_S if long_pause else THINK_S), lambda: self._act(view))

    def _act(self, view: Any) -> None:
        if view is None:
            self.read_view()
            return
        seat = next(seat for seat, owner in view["seats"].items() if owner["name"] == self.name)
        if view["series_over"] or view["phase"] == "closed":
            if view["phase"] == "closed" or not view["seats"][seat]["present"]:
                self._seek()
                return
            self.send_command(Leave(self.name, self.new_request()))
            return
        command = self._choose(view, seat, "O" if seat == "X" else "X")
        if command is None:
            self.read_view()
        else:
            self.send_command(command)

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
