"""People at a table: two who play game after game in one room after the other, and somebody who watches.

Each is one thread of a crowd and knows nothing but what the servers say, so whoever is killed can come back and go on.
A table's rooms are found in the lobby, by their titles.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass

from client.bot import OLD_NEWS
from client.chaos.recorded import RecordedRoom, create
from client.chaos.recorder import Recorder
from client.cluster import Cluster
from client.player import Player
from client.views import Row, View
from game.errors import NoSuchRoom, Refusal, RoomClosed
from game.strategy import LEVELS, THINKS_S, within
from wire.errors import Busy, Fenced, NotReady, StorageFailed, TicTacToeError, Unreachable

PACE_S = 0.08
LOOK_AGAIN_S = 0.15
SHORTEST = 3
LONGEST = 9
"""Games in a room, so that its history stays short enough to be searched for a linear order."""

LOOKS = 0.05
LEAVES = 0.03
RESIGNS = 0.03
WRONG = 0.02
"""How often somebody looks at the room, goes and comes back, gives up, or moves out of turn."""

FAULTS = (Unreachable, NotReady, Busy, StorageFailed, Fenced)
"""What a caller may be told while faults fall, and tries again."""


@dataclass(frozen=True)
class Place:
    """Who somebody is at which table. ``part``: "owner", "guest" or "watcher"; or "contestant", who
    has no table and asks for matches.
    """

    name: str
    table: str
    part: str


class Person:
    """One person, from one start of its process to the next."""

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
        """``finishing``: once it is set, games that run are played to their end and no other begins."""
        self._place = place
        self._cluster = cluster
        self._player = player
        self._recorder = recorder
        self._client = client
        self._chance = chance
        self._finishing = finishing
        self._play = LEVELS[chance.choice(["random", "random", "hard"])]

    def run(self) -> None:
        """Play or watch until all is finished."""
        room: RecordedRoom | None = None
        while True:
            try:
                room = room or self._find_room()
                if room is None and self._finishing.is_set():
                    return
                if room is not None:
                    self._take_part(room)
                    room = None
            except (RoomClosed, NoSuchRoom):
                room = None
            except FAULTS:
                pass  # the call is recorded as one without an answer; the room is looked at anew
            except TicTacToeError as error:
                self._recorder.surprise(self._client, f"{error.code}: {error.message}")
            except Exception as error:
                self._recorder.surprise(self._client, f"a fault of ours: {error!r}")
            time.sleep(self._chance.uniform(0.5, 1.5) * LOOK_AGAIN_S)

    # -- finding the room -----------------------------------------------------------------------------------------

    def _find_room(self) -> RecordedRoom | None:
        """The table's newest open room; its owner opens one if there is none, and closes those that are left over."""
        rows = sorted((row for row in self._cluster.rooms() if _table_of(row) == self._place.table), key=_number_of)
        if self._place.part == "owner":
            for row in rows[:-1]:
                self._clear(self._room(row.room))
            if not rows and not self._finishing.is_set():
                return self._open()
        return self._room(rows[-1].room) if rows else None

    def _open(self) -> RecordedRoom:
        title = f"{self._place.table} {time.monotonic_ns()}"
        return create(self._player, self._cluster.ask, title, self._recorder, self._client)

    def _room(self, room: str) -> RecordedRoom:
        return RecordedRoom(self._player.room(room), self._recorder, self._client)

    def _clear(self, room: RecordedRoom) -> None:
        """Close a room that nobody comes to any more, in which a game may run."""
        view = room.view()
        if view.phase == "playing":
            room.join()
            room.resign()
        room.close()

    # -- in the room ----------------------------------------------------------------------------------------------

    def _take_part(self, room: RecordedRoom) -> None:
        """Be there until the room is closed."""
        if self._place.part == "watcher":
            room.join("spectator")
            for news in room.follow():
                self._look_around(room, news.view)
            return
        room.join()
        view = room.view()
        self._act(room, view)
        for news in room.follow(view.version, stop=self._finishing):
            self._act(room, news.view)
        while self._finishing.is_set() and (view := room.view()).phase != "closed":
            self._act(room, view)
            time.sleep(PACE_S)

    def _look_around(self, room: RecordedRoom, view: View) -> None:
        if view.phase == "closed":
            return
        if self._chance.random() < LOOKS:
            room.view()
        if self._chance.random() < LEAVES:
            room.leave()
            room.join("spectator")

    def _act(self, room: RecordedRoom, view: View) -> None:
        """Do what the news ask for; if they are old, the refusal says so and newer ones are on their way."""
        try:
            if view.phase == "playing":
                self._play_on(room, view)
            elif view.phase == "finished" and not self._enough(view):
                if view.seat_of(room.name) not in view.rematch:
                    room.rematch()
            elif view.phase != "closed" and self._place.part == "owner" and self._enough(view):
                room.close()
        except Refusal as refusal:
            if refusal.code not in OLD_NEWS:
                raise

    def _play_on(self, room: RecordedRoom, view: View) -> None:
        seat = view.seat_of(room.name)
        if seat is None or view.turn != seat:
            if self._chance.random() < WRONG:
                room.move(0)
            return
        time.sleep(self._chance.uniform(0.5, 1.5) * PACE_S)
        mood = self._chance.random()
        if mood < LEAVES:
            room.leave()
            room.join()
        elif mood < LEAVES + LOOKS:
            room.view()
        elif mood < LEAVES + LOOKS + RESIGNS:
            room.resign()
            return
        go_on = within(THINKS_S, time.monotonic, time.sleep)
        room.move(self._play(view.board, seat, self._chance, go_on))

    def _enough(self, view: View) -> bool:
        """Whether this room has seen games enough; everybody at the table counts the same."""
        return self._finishing.is_set() or view.game_number >= random.Random(view.title).randint(SHORTEST, LONGEST)


def _table_of(row: Row) -> str:
    return row.title.partition(" ")[0]


def _number_of(row: Row) -> int:
    """Rooms of a table are numbered by when they were opened, by the clock that all processes of a machine share."""
    return int(row.title.partition(" ")[2])
