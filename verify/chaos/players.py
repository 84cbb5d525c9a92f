"""People at a table: two who play game after game in one room after the other, and somebody who watches.

Each is one thread of a crowd and knows nothing but what the servers say, so whoever is killed can come back and go on.
A table's rooms are found in the lobby, by their titles.
"""

from __future__ import annotations

import contextlib
import random
import time
from dataclasses import dataclass, field

from client.bot import OLD_NEWS
from client.views import Row, View
from game.bots.strategy import LEVELS, THINKS_S, within
from game.errors import NoSuchRoom, Refusal, RoomClosed
from verify.chaos.client_session import ClientSession
from verify.chaos.recorded_room import RecordedRoom, create

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


@dataclass
class ChaosPlayer(ClientSession):
    """One person, from one start of its process to the next."""

    _room: RecordedRoom | None = field(default=None, init=False)
    _finished: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._play = LEVELS[self.chance.choice(["random", "random", "hard"])]

    def run(self) -> None:
        """Play or watch until all is finished."""
        while not self._finished:
            self.attempt(self._in_a_room, pause_s=LOOK_AGAIN_S)

    def _in_a_room(self) -> None:
        """Be in a room until it is closed; all is finished when there is none any more."""
        with contextlib.suppress(RoomClosed, NoSuchRoom):
            self._room = self._room or self._find_room()
            if self._room is None:
                self._finished = self.finishing.is_set()
            else:
                self._take_part(self._room)
        self._room = None

    # -- finding the room -----------------------------------------------------------------------------------------

    def _find_room(self) -> RecordedRoom | None:
        """The table's newest open room; its owner opens one if there is none, and closes those that are left over."""
        rows = sorted((row for row in self.cluster.rooms() if _table_of(row) == self.place.table), key=_number_of)
        if self.place.part == "owner":
            for row in rows[:-1]:
                self._clear(self._recorded(row.room))
            if not rows and not self.finishing.is_set():
                return self._open()
        return self._recorded(rows[-1].room) if rows else None

    def _open(self) -> RecordedRoom:
        title = f"{self.place.table} {time.monotonic_ns()}"
        return create(self.player, self.cluster.ask, title, self.recorder, self.client)

    def _recorded(self, room: str) -> RecordedRoom:
        return RecordedRoom(self.player.room(room), self.recorder, self.client)

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
        if self.place.part == "watcher":
            room.join("spectator")
            for news in room.follow():
                self._look_around(room, news.view)
            return
        room.join()
        view = room.view()
        self._act(room, view)
        for news in room.follow(view.version, stop=self.finishing):
            self._act(room, news.view)
        while self.finishing.is_set() and (view := room.view()).phase != "closed":
            self._act(room, view)
            time.sleep(PACE_S)

    def _look_around(self, room: RecordedRoom, view: View) -> None:
        if view.phase == "closed":
            return
        if self.chance.random() < LOOKS:
            room.view()
        if self.chance.random() < LEAVES:
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
            elif view.phase != "closed" and self.place.part == "owner" and self._enough(view):
                room.close()
        except Refusal as refusal:
            if refusal.code not in OLD_NEWS:
                raise

    def _play_on(self, room: RecordedRoom, view: View) -> None:
        seat = view.seat_of(room.name)
        if seat is None or view.turn != seat:
            if self.chance.random() < WRONG:
                room.move(0)
            return
        self.pause(PACE_S)
        mood = self.chance.random()
        if mood < LEAVES:
            room.leave()
            room.join()
        elif mood < LEAVES + LOOKS:
            room.view()
        elif mood < LEAVES + LOOKS + RESIGNS:
            room.resign()
            return
        go_on = within(THINKS_S, time.monotonic, time.sleep)
        room.move(self._play(view.board, seat, self.chance, go_on))

    def _enough(self, view: View) -> bool:
        """Whether this room has seen games enough; everybody at the table counts the same."""
        return self.finishing.is_set() or view.game_number >= random.Random(view.title).randint(SHORTEST, LONGEST)


def _table_of(row: Row) -> str:
    return row.title.partition(" ")[0]


def _number_of(row: Row) -> int:
    """Rooms of a table are numbered by when they were opened, by the clock that all processes of a machine share."""
    return int(row.title.partition(" ")[2])
