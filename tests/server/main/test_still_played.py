"""Which rooms a cluster that is being emptied waits for, in memory or not."""

from __future__ import annotations

from game.rooms.state import Room
from server.log.room_stream import room_stream
from server.main.drain import READ_AT_ONCE, StillPlayed
from tests.game.playing import left, started


class Shelf:
    """Rooms in a journal, some of them in memory, and how often each was read."""

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.in_memory: set[str] = set()
        self.reads = 0

    def put(self, name: str, room: Room, *, in_memory: bool = False) -> None:
        self.rooms[room_stream(name)] = room
        (self.in_memory.add if in_memory else self.in_memory.discard)(room_stream(name))

    @property
    def index(self) -> Shelf:
        return self

    def unfinished(self) -> list[str]:
        return [stream.removeprefix(room_stream("")) for stream in self.rooms]

    def cached(self, stream: str) -> Room | None:
        return self.rooms[stream] if stream in self.in_memory else None

    def state_of(self, stream: str) -> Room:
        self.reads += 1
        return self.rooms[stream]


DESERTED = left(started(), "ann", "bob")


def test_rooms_count_in_which_a_player_is_there_in_memory_or_not() -> None:
    shelf = Shelf()
    shelf.put("aaaa", started(), in_memory=True)
    shelf.put("bbbb", DESERTED, in_memory=True)
    shelf.put("cccc", started())
    shelf.put("dddd", DESERTED)
    assert StillPlayed(shelf).count() == 2


def test_a_deserted_room_is_read_once_and_counts_again_when_somebody_comes_back() -> None:
    shelf = Shelf()
    shelf.put("aaaa", DESERTED)
    still_played = StillPlayed(shelf)
    assert [still_played.count() for _ in range(3)] == [0, 0, 0]
    assert shelf.reads == 1
    shelf.put("aaaa", started(), in_memory=True)
    assert still_played.count() == 1
    shelf.put("aaaa", started())
    assert still_played.count() == 1


def test_of_very_many_rooms_some_are_read_at_a_time_and_the_others_count() -> None:
    shelf = Shelf()
    for number in range(READ_AT_ONCE + 50):
        shelf.put(f"r{number:04}", DESERTED)
    still_played = StillPlayed(shelf)
    assert still_played.count() == 50
    assert still_played.count() == 0
