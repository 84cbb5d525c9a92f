"""Clients that seek a match at the communication server, select what to play, and play a series with clocks.

Then they seek again.

Each is one thread. It finds its match by another seek, whichever process was killed.
"""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import dataclass, field

from client.bot import OUTDATED
from game.bots.strategy import LEVELS, THINKS_S, within
from game.errors import NoSuchRoom, Refusal, RoomClosed
from game.forms.room_view import View
from game.match.offers import OFFER_KINDS
from game.match.selection import Proposal, SeekFilter
from game.rules import Seat, other
from verify.chaos.players import PACE_S, ClientSession
from verify.testbed.recorded_room import RecordedRoom

SEEK_FILTER = SeekFilter(board="3x3")
RANDOM_LEVEL = LEVELS["random"]
LAST_SEEK_S = 3.0
"""How long a client keeps seeking before it stops, in seconds. A communication server that died may have requested a
match that opens late."""
IDLE_S = 0.2
P_PROPOSE, P_CHAT, P_OFFER, P_ANSWER, P_LEAVE, P_CLAIM = 0.3, 0.03, 0.1, 0.5, 0.03, 0.2
"""The probability of each action, whenever it is possible."""
_EXPECTED_REFUSALS = OUTDATED | {"time_up", "not_allowed", "no_such_offer", "too_often", "not_in_room"}
"""Refusals that are expected: the room has changed meanwhile, or the command is not possible now."""


@dataclass
class MatchPlayer(ClientSession):
    """A client that plays matches, from a start of its process to the end."""

    # When the client stops. Infinite until it finds no match while finishing.
    _stops_at: float = field(default=math.inf, init=False)

    def run(self) -> None:
        """Play until the run is finished."""
        while time.monotonic() < self._stops_at:
            self.attempt(self._play_one_match, pause_s=IDLE_S)

    def _play_one_match(self) -> None:
        """Seek a match and play it. While finishing, stop soon if there is none."""
        room = self.player.seek(SEEK_FILTER, stop=self.finishing)
        if room is not None:
            with contextlib.suppress(RoomClosed, NoSuchRoom):
                self._play_match(RecordedRoom(room, self.recorder, self.client))
        elif self.finishing.is_set():
            self._stops_at = min(self._stops_at, time.monotonic() + LAST_SEEK_S)

    def _play_match(self, room: RecordedRoom) -> None:
        """Play a match to its end, read all its events from the first, and leave."""
        while not (view := room.view()).series_over and view.phase != "closed":
            try:
                self._act(room, view)
            except Refusal as refusal:
                if refusal.code not in _EXPECTED_REFUSALS:
                    raise
            self.pause(PACE_S if view.turn is not None else IDLE_S)
        for news in room.follow(0):
            if news.view.series_over or news.view.phase == "closed":
                break
        room.leave()

    def _act(self, room: RecordedRoom, view: View) -> None:
        seat = view.seat_of(room.name)
        if seat is None:
            raise ValueError(f"{room.name} has no seat in the match in room {room.id}")
        if self.rng.random() < P_CHAT:
            room.say(self.rng.choice(("hello", "good luck", "well played")))
        if view.selection is not None:
            if self.finishing.is_set() or self.rng.random() < P_PROPOSE:
                room.propose(self._proposal(view))
        elif view.phase == "finished":
            if seat not in view.rematch:
                room.rematch()
        elif view.phase == "playing":
            self._play_game(room, view, seat)

    def _proposal(self, view: View) -> Proposal:
        selection = view.selection
        if selection is None or self.finishing.is_set():
            return Proposal("3x3", 1, "none")
        return Proposal("3x3", self.rng.choice((1, 3)), self.rng.choice(selection.choices.clocks))

    def _play_game(self, room: RecordedRoom, view: View, seat: Seat) -> None:
        rng = self.rng
        if self.finishing.is_set():
            room.resign()
            return
        offered = view.offers_of(other(seat))
        if offered and rng.random() < P_ANSWER:
            answer = rng.choice((room.accept, room.decline))
            answer(rng.choice(offered))
        if rng.random() < P_OFFER:
            room.offer(rng.choice(OFFER_KINDS))
        owner = view.seats[other(seat)]
        if owner is not None and not owner.present and rng.random() < P_CLAIM:
            room.claim_game(rng.choice(("win", "draw")))
        if rng.random() < P_LEAVE:
            room.leave()
        if view.turn == seat:
            go_on = within(THINKS_S, time.monotonic, time.sleep)
            room.move(RANDOM_LEVEL(view.board, seat, rng, go_on))
