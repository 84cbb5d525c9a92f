"""The base class of all clients of a chaos run, and the clients at a table: two players and a spectator.

At a table game after game is played, in one room after another. Each client is one thread. It keeps no state besides
what the servers store, so a killed client can return and continue. It finds its table's rooms in the lobby by their
titles.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from client.bot import OUTDATED
from client.cluster import Cluster
from client.player import Player
from client.views import Row
from game.bots.strategy import LEVELS, THINKS_S, within
from game.errors import NoSuchRoom, Refusal, RoomClosed
from game.forms.room_view import View
from verify.testbed.history_file import HistoryWriter
from verify.testbed.recorded_room import RecordedRoom, create
from wire.errors import Busy, Fenced, NotReady, StorageFailed, TicTacToeError, Unreachable

EXPECTED_ERRORS = (Unreachable, NotReady, Busy, StorageFailed, Fenced)
"""The errors that a client may get during faults. It then retries."""
PACE_S = 0.08
LOOK_AGAIN_S = 0.15
FEWEST_GAMES = 3
MOST_GAMES = 9
"""The most games in a room. It keeps the history short enough for the search for a linear order."""

P_VIEW = 0.05
P_LEAVE = 0.03
P_RESIGN = 0.03
P_WRONG_MOVE = 0.02
"""The probability of an unusual action: to read the view, to leave and return, to resign, or to move out of turn."""


@dataclass(frozen=True)
class ClientSpec:
    """Which client to run.

    ``part`` is "owner", "guest" or "watcher" at a table, or "match player": a client without a table, which seeks
    matches.
    """

    name: str
    table: str
    part: str
    token: str


@dataclass
class ClientSession:
    """A client, from a start of its process to the end.

    ``client`` names it in the history. Once ``finishing`` is set, it plays running games to the end and begins no
    others.
    """

    spec: ClientSpec
    cluster: Cluster
    player: Player
    recorder: HistoryWriter
    client: str
    rng: random.Random
    finishing: threading.Event

    def attempt(self, action: Callable[[], None], *, pause_s: float) -> None:
        """Run ``action``, then pause for about ``pause_s`` seconds.

        Expected errors end ``action`` early; an unexpected error is recorded as a surprise.
        """
        try:
            action()
        except EXPECTED_ERRORS:
            pass  # the call is recorded as unanswered
        except TicTacToeError as error:
            self.recorder.record_surprise(self.client, f"{error.code}: {error.message}")
        except Exception as error:
            self.recorder.record_surprise(self.client, f"unexpected error in the client: {error!r}")
        self.pause(pause_s)

    def pause(self, about_s: float) -> None:
        """Pause for about that many seconds."""
        time.sleep(self.rng.uniform(0.5, 1.5) * about_s)


@dataclass
class ChaosPlayer(ClientSession):
    """A client at a table, from a start of its process to the end."""

    # None between two rooms.
    _room: RecordedRoom | None = field(default=None, init=False)
    _finished: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._choose = LEVELS[self.rng.choice(["random", "random", "hard"])]

    def run(self) -> None:
        """Play or watch until the run is finished."""
        while not self._finished:
            self.attempt(self._play_in_room, pause_s=LOOK_AGAIN_S)

    def _play_in_room(self) -> None:
        """Stay in a room until it is closed. While finishing, stop when no room is left."""
        with contextlib.suppress(RoomClosed, NoSuchRoom):
            self._room = self._room or self._find_room()
            if self._room is None:
                self._finished = self.finishing.is_set()
            else:
                self._stay_in(self._room)
        self._room = None

    # -- finding the room -----------------------------------------------------------------------------------------

    def _find_room(self) -> RecordedRoom | None:
        """Return the table's newest open room. The owner creates a room if there is none, and closes the older ones."""
        rows = sorted(
            (row for row in self.cluster.rooms() if row.title.startswith(f"{self.spec.table} ")), key=_created_at
        )
        if self.spec.part == "owner":
            for row in rows[:-1]:
                self._close_old(self._recorded_room(row.room))
            if not rows and not self.finishing.is_set():
                return self._create_room()
        return self._recorded_room(rows[-1].room) if rows else None

    def _create_room(self) -> RecordedRoom:
        title = f"{self.spec.table} {time.monotonic_ns()}"
        return create(self.player, self.cluster.ask, title, self.recorder, self.client)

    def _recorded_room(self, room: str) -> RecordedRoom:
        return RecordedRoom(self.player.room(room), self.recorder, self.client)

    def _close_old(self, room: RecordedRoom) -> None:
        """Close an old room. A game may still run in it."""
        view = room.view()
        if view.phase == "playing":
            room.join()
            room.resign()
        room.close()

    # -- in the room ----------------------------------------------------------------------------------------------

    def _stay_in(self, room: RecordedRoom) -> None:
        """Play or watch until the room is closed."""
        if self.spec.part == "watcher":
            room.join("spectator")
            for news in room.follow():
                self._act_as_spectator(room, news.view)
            return
        room.join()
        view = room.view()
        self._act(room, view)
        for news in room.follow(view.version, stop=self.finishing):
            self._act(room, news.view)
        while self.finishing.is_set() and (view := room.view()).phase != "closed":
            self._act(room, view)
            time.sleep(PACE_S)

    def _act_as_spectator(self, room: RecordedRoom, view: View) -> None:
        if view.phase == "closed":
            return
        if self.rng.random() < P_VIEW:
            room.view()
        if self.rng.random() < P_LEAVE:
            room.leave()
            room.join("spectator")

    def _act(self, room: RecordedRoom, view: View) -> None:
        """Act on the view. If the view is out of date, the command is refused and a newer view follows."""
        try:
            if view.phase == "playing":
                self._play_game(room, view)
            elif view.phase == "finished" and not self._has_enough_games(view):
                if view.seat_of(room.name) not in view.rematch:
                    room.rematch()
            elif view.phase != "closed" and self.spec.part == "owner" and self._has_enough_games(view):
                room.close()
        except Refusal as refusal:
            if refusal.code not in OUTDATED:
                raise

    def _play_game(self, room: RecordedRoom, view: View) -> None:
        seat = view.seat_of(room.name)
        if seat is None or view.turn != seat:
            if self.rng.random() < P_WRONG_MOVE:
                room.move(0)
            return
        self.pause(PACE_S)
        draw = self.rng.random()
        if draw < P_LEAVE:
            room.leave()
            room.join()
        elif draw < P_LEAVE + P_VIEW:
            room.view()
        elif draw < P_LEAVE + P_VIEW + P_RESIGN:
            room.resign()
            return
        go_on = within(THINKS_S, time.monotonic, time.sleep)
        room.move(self._choose(view.board, seat, self.rng, go_on))

    def _has_enough_games(self, view: View) -> bool:
        """Return whether this room has had enough games. All clients at the table get the same result."""
        games = random.Random(view.title).randint(FEWEST_GAMES, MOST_GAMES)
        return self.finishing.is_set() or view.game_number >= games


def _created_at(row: Row) -> int:
    """Return when the room was created, by the clock that all processes of a machine share.

    Rooms of a table are ordered by it.
    """
    return int(row.title.partition(" ")[2])
