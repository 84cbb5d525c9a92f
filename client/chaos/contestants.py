"""Contestants: people who ask for a match at the front door, select what they play, and play a series with clocks; then
they ask again. Each is one thread of a crowd, and finds its match again by asking, whoever was killed.
"""

from __future__ import annotations

import random
import threading
import time

from client.bot import OLD_NEWS
from client.chaos.people import FAULTS, PACE_S, Place
from client.chaos.recorded import RecordedRoom
from client.chaos.recorder import Recorder
from client.cluster import Cluster
from client.player import Player
from client.views import View
from game.errors import NoSuchRoom, Refusal, RoomClosed
from game.offers import MATTERS
from game.rules import Seat, other
from game.selection import Proposal, Wish
from game.strategy import LEVELS, THINKS_S, within
from wire.errors import TicTacToeError

WISH = Wish(board="3x3")
LOOKS_IN_S = 3.0
"""So long who goes home looks in again: a front door that died may have asked for a match that is opened only then."""
IDLE_S = 0.2
PROPOSES, TALKS, OFFERS, ANSWERS, GOES, CLAIMS = 0.3, 0.03, 0.1, 0.5, 0.03, 0.2
_EXPECTED = OLD_NEWS | {"time_up", "not_allowed", "no_such_offer", "too_often", "not_in_room"}
"""Refusals that say that the room has gone on meanwhile, or that it is not the time for that."""


class Contestant:
    """One contestant, from one start of its process to the next."""

    def __init__(
        self,
        place: Place,
        cluster: Cluster,
        player: Player,
        recorder: Recorder,
        *,
        client: str,
        chance: random.Random,
        finishing: threading.Event,
    ) -> None:
        """``finishing``: once it is set, the match that goes on is played to its end, and no other asked for."""
        self._place = place
        self._cluster = cluster
        self._player = player
        self._recorder = recorder
        self._client = client
        self._chance = chance
        self._finishing = finishing
        self._level = LEVELS["random"]

    def run(self) -> None:
        """Play until all is finished."""
        home_at: float | None = None
        while home_at is None or time.monotonic() < home_at:
            try:
                room = self._player.seek(WISH, stop=self._finishing)
                if room is not None:
                    self._play(RecordedRoom(room, self._recorder, self._client))
            except (*FAULTS, RoomClosed, NoSuchRoom):
                pass  # the call is recorded as one without an answer; the match is asked for anew
            except TicTacToeError as error:
                self._recorder.surprise(self._client, f"{error.code}: {error.message}")
            except Exception as error:
                self._recorder.surprise(self._client, f"a fault of ours: {error!r}")
            else:
                if room is None and self._finishing.is_set():
                    home_at = home_at or time.monotonic() + LOOKS_IN_S
            time.sleep(self._chance.uniform(0.5, 1.5) * IDLE_S)

    def _play(self, room: RecordedRoom) -> None:
        """Play a match to its end, read what happened there from the beginning, and go."""
        while not (view := room.view()).series_over and view.phase != "closed":
            try:
                self._act(room, view)
            except Refusal as refusal:
                if refusal.code not in _EXPECTED:
                    raise
            time.sleep(self._chance.uniform(0.5, 1.5) * (PACE_S if view.turn is not None else IDLE_S))
        for news in room.follow(0):
            if news.view.series_over or news.view.phase == "closed":
                break
        room.leave()

    def _act(self, room: RecordedRoom, view: View) -> None:
        seat = view.seat_of(room.name)
        if seat is None:
            raise ValueError(f"a match has its players, and {room.name} is none of them")
        if self._chance.random() < TALKS:
            room.say(self._chance.choice(("hello", "good luck", "well played")))
        if view.selection is not None:
            if self._finishing.is_set() or self._chance.random() < PROPOSES:
                room.propose(self._proposal(view))
        elif view.phase == "finished":
            if seat not in view.rematch:
                room.rematch()
        elif view.phase == "playing":
            self._play_on(room, view, seat)

    def _proposal(self, view: View) -> Proposal:
        selection = view.selection
        if selection is None or self._finishing.is_set():
            return Proposal("3x3", 1, "none")
        return Proposal("3x3", self._chance.choice((1, 3)), self._chance.choice(selection.choices.clocks))

    def _play_on(self, room: RecordedRoom, view: View, seat: Seat) -> None:
        chance = self._chance
        if self._finishing.is_set():
            room.resign()
            return
        offered = view.offers_of(other(seat))
        if offered and chance.random() < ANSWERS:
            answer = chance.choice((room.accept, room.decline))
            answer(chance.choice(offered))
        if chance.random() < OFFERS:
            room.offer(chance.choice(MATTERS))
        owner = view.seats[other(seat)]
        if owner is not None and not owner.present and chance.random() < CLAIMS:
            room.claim_game(chance.choice(("win", "draw")))
        if chance.random() < GOES:
            room.leave()
        if view.turn == seat:
            go_on = within(THINKS_S, time.monotonic, time.sleep)
            room.move(self._level(view.board, seat, chance, go_on))
