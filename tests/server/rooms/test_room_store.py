"""What is told of rooms and usernames after a start: as before it, without looking into any room."""

from __future__ import annotations

from pathlib import Path

import pytest

from game.accounts.names import Claim
from game.cluster_state import Tick
from game.context import Limits
from game.errors import InvalidArgument, NoSuchRoom
from game.forms.views import view
from game.rooms.commands import Close, Command, Create, Join
from server.log.archive_stream import AddRecord, segment_stream
from server.log.entries import Epoch, StreamCopy
from server.log.journal.file import open_journal
from server.log.journal.journal import Journal
from server.log.name_stream import name_stream
from server.log.room_stream import room_stream
from server.log.row_format import LOST
from server.log.streams import Streams
from server.main.timers import due_commands
from server.rooms.followers import PAUSE_S
from server.rooms.lobby import BEGINNING
from server.rooms.room_store import UNWRITTEN_AT_ONCE, RoomStore
from server.rooms.service_clock import TICK_S
from tests.game.forms.test_records import RECORD
from tests.server.alone import committer_of
from tests.server.rooms.test_lobby import Reader
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.later import Later

STREAMS = Streams(Limits(people=10))
ROOM = room_stream("aaaa")


class Writer:
    """Carries commands out on a journal as a main server would, each in a batch of its own."""

    def __init__(self, journal: Journal) -> None:
        self.timers = TimersByHand()
        self.store = RoomStore(STREAMS, journal, self.timers, self.timers.clock)
        self.store.load()
        self._committer = committer_of(STREAMS, self.store, journal, self.timers)

    def do(self, stream: str, command: Command | Claim | AddRecord | Tick) -> None:
        result_of(self._committer.submit(stream, command))

    def tick(self) -> None:
        """What is due after a moment."""
        self.timers.advance(TICK_S)
        for stream, command in due_commands(self.store.service_clock.tick(), self.store, lambda: "due"):
            self.do(stream, command)


def drop_summaries(journal: Journal) -> None:
    """As in a copy of the log from the replica."""
    journal.summaries()  # moves the last ones to the database
    journal._connection.execute("DELETE FROM listings")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = open_journal(tmp_path / "journal.db")
    journal.begin_term(Epoch(1, "me"))
    return journal


def fill(writer: Writer) -> None:
    writer.do(name_stream("ada"), Claim("Ada", "a" * 64))
    for number, room in enumerate(("aaaa", "bbbb", "cccc")):
        stream = room_stream(room)
        writer.do(stream, Create("Ada", f"create-{number}", room, "tictactoe", {}))
        writer.do(stream, Join("Ada", f"join-ada-{number}", "player"))
    writer.do(room_stream("cccc"), Close("Ada", "close-cc"))
    writer.do(room_stream("bbbb"), Join("bob", "join-bob-1", "player"))


def anew(journal: Journal) -> RoomStore:
    store = RoomStore(STREAMS, journal, TimersByHand())
    store.load()
    return store


def told(store: RoomStore) -> object:
    changes = store.index.since(BEGINNING, 100)
    return changes.changed, changes.cursor, len(store.index), store.names.name_with("a" * 64)


def test_a_start_tells_the_same_as_before_and_looks_into_no_room(journal: Journal) -> None:
    writer = Writer(journal)
    fill(writer)
    store = anew(journal)
    assert told(store) == told(writer.store)
    assert store.cache.open_states() == []
    assert store.is_open("aaaa")
    assert not store.is_open("cccc")
    assert store.view("bbbb").items() >= view(writer.store.state_of(room_stream("bbbb"))).items()


def test_missing_summaries_are_made_again_and_written_with_a_tick_soon(journal: Journal) -> None:
    fill(Writer(journal))
    drop_summaries(journal)
    assert set(journal.missing_summaries()) == {"name/ada", "room/aaaa", "room/bbbb", "room/cccc"}
    writer = Writer(journal)
    store = writer.store
    assert len(store.index) == 2
    assert store.names.name_with("a" * 64) == "Ada"
    assert told(anew(journal)) == told(store)
    writer.tick()
    assert journal.missing_summaries() == []
    assert told(anew(journal)) == told(store)
    last = journal.last
    writer.tick()
    assert journal.last == last, "once is enough"


def test_the_summaries_of_many_rooms_are_written_in_several_batches(journal: Journal) -> None:
    writer = Writer(journal)
    for number in range(UNWRITTEN_AT_ONCE + 2):
        writer.do(f"room/r{number}", Create("ada", f"create-{number}", "t", "tictactoe", {}))
    drop_summaries(journal)
    writer = Writer(journal)
    writer.tick()
    assert len(journal.missing_summaries()) == 2
    writer.do("room/r0", Close("ada", "close-r0"))
    assert journal.missing_summaries() == []


def damage_room(journal: Journal) -> StreamCopy:
    """Damage the last event of ``ROOM`` and its summary. Return its sound copy."""
    sound = journal.copy(ROOM)
    journal.summaries()
    journal.replace(sound._replace(entries=(*sound.entries[:-1], sound.entries[-1]._replace(body=LOST))))
    journal.drop_summary(ROOM)
    return sound


@pytest.mark.parametrize("killed", [False, True])
def test_readers_of_the_lobby_hear_of_a_room_that_was_unreadable(journal: Journal, killed: bool) -> None:
    """Also readers that have read to the end of the log, and when the server is killed right after the repair."""
    writer = Writer(journal)
    writer.do(ROOM, Create("ada", "create-1", "t", "tictactoe", {}))
    writer.do(ROOM, Join("ada", "join-1", "player"))
    sound = damage_room(journal)
    writer = Writer(journal)
    reader = Reader()
    reader.read(writer.store.index.since(BEGINNING, 10))
    assert reader.rows == {}
    journal.replace(sound)
    writer.store.reload(ROOM)
    if killed:
        writer = Writer(journal)
    writer.tick()
    reader.read(writer.store.index.since(reader.cursor, 10))
    assert reader.rows == writer.store.index.rows != {}
    again = Writer(journal).store.index
    assert not again.has_news(reader.cursor)


def test_a_batch_that_closes_a_repaired_room_closes_it_for_readers(journal: Journal) -> None:
    writer = Writer(journal)
    writer.do(ROOM, Create("ada", "create-1", "t", "tictactoe", {}))
    writer.do(ROOM, Join("ada", "join-1", "player"))
    sound = damage_room(journal)
    writer = Writer(journal)
    journal.replace(sound)
    writer.store.reload(ROOM)
    writer.do(ROOM, Close("ada", "close-1"))
    for store in (writer.store, anew(journal)):
        assert not store.is_open("aaaa")
        assert [change.row for change in store.index.since(BEGINNING, 10).changed if change.room == "aaaa"] == [None]


def test_the_row_of_a_repaired_room_is_made_again_although_it_could_be_read_in_part(journal: Journal) -> None:
    writer = Writer(journal)
    writer.do(ROOM, Create("ada", "create-1", "t", "tictactoe", {}))
    created = journal.copy(ROOM)
    writer.do(ROOM, Join("ada", "join-1", "player"))
    whole = journal.copy(ROOM)
    drop_summaries(journal)
    journal.replace(created)  # as if the name of the last event's stream was damaged
    store = Writer(journal).store
    journal.replace(whole)
    store.reload(ROOM)
    assert store.index.rows == writer.store.index.rows


def test_a_listing_changes_only_with_what_is_told(journal: Journal) -> None:
    writer = Writer(journal)
    fill(writer)
    before = journal.summaries()[0]
    writer.do(room_stream("bbbb"), Join("eve", "join-eve-1", "spectator"))
    assert [one.stream for one in journal.summaries()[0] if one not in before] == ["room/bbbb"]


def test_rooms_of_earlier_terms_are_visited_a_few_at_a_time(journal: Journal) -> None:
    fill(Writer(journal))
    store = anew(journal)
    store.cache.load_some(1)
    assert len(store.cache.open_states()) == 1
    store.cache.load_some(5)
    assert {room.id for room in store.cache.open_states()} == {"aaaa", "bbbb"}
    store.evict(["aaaa", "bbbb"])
    store.cache.load_some(5)
    assert store.cache.open_states() == [], "each is visited once"


# -- waits ----------------------------------------------------------------------------------------------------------


def test_a_wait_is_answered_at_once_with_what_the_caller_lacks_and_else_with_the_next_events(journal: Journal) -> None:
    writer = Writer(journal)
    fill(writer)
    version = writer.store.room("aaaa").version
    news = writer.store.wait("aaaa", version - 1, 10.0)
    assert not isinstance(news, Later)
    assert [event["version"] for event in news["events"]] == [version]
    later = writer.store.wait("aaaa", version, 10.0)
    assert isinstance(later, Later)
    writer.do(room_stream("aaaa"), Join("bob", "join-bob-2", "player"))
    writer.timers.run()
    assert result_of(later)["events"] == writer.store.news("aaaa", version)["events"] != []


def test_a_wait_that_does_not_wait_and_one_whose_time_is_up_have_no_events(journal: Journal) -> None:
    writer = Writer(journal)
    fill(writer)
    version = writer.store.room("aaaa").version
    news = writer.store.wait("aaaa", version, 0.0)
    assert not isinstance(news, Later)
    assert news["events"] == []
    later = writer.store.wait("aaaa", version, 10.0)
    assert isinstance(later, Later)
    writer.timers.advance(10.1)
    assert result_of(later)["events"] == []


def test_a_wait_for_a_version_that_the_room_does_not_have_is_refused(journal: Journal) -> None:
    writer = Writer(journal)
    fill(writer)
    with pytest.raises(InvalidArgument):
        writer.store.wait("aaaa", writer.store.room("aaaa").version + 1, 10.0)
    with pytest.raises(NoSuchRoom):
        writer.store.wait("zzzz", 0, 10.0)


def test_a_room_in_which_a_caller_waits_stays_in_memory(journal: Journal) -> None:
    writer = Writer(journal)
    fill(writer)
    later = writer.store.wait("aaaa", writer.store.room("aaaa").version, 1000.0)
    writer.timers.advance(500.0)
    assert writer.store.idle_rooms(100.0) == ["bbbb"]
    assert writer.store.evict(["aaaa", "bbbb"]) == 1
    assert isinstance(later, Later)
    later.abandon()
    assert writer.store.evict(["aaaa"]) == 1


def test_a_wait_for_the_lobby_is_answered_when_a_row_changes(journal: Journal) -> None:
    writer = Writer(journal)
    fill(writer)
    first = writer.store.wait_lobby_changes(BEGINNING, 100, 10.0)
    assert isinstance(first, Later)
    writer.timers.run()
    later = writer.store.wait_lobby_changes(result_of(first)["cursor"], 100, 10.0)
    assert isinstance(later, Later)
    writer.do(room_stream("bbbb"), Join("eve", "join-eve-1", "spectator"))
    writer.timers.advance(PAUSE_S)
    assert [change.room for change in result_of(later)["changed"]] == ["bbbb"]


def test_a_wait_for_records_is_answered_when_a_game_has_ended(journal: Journal) -> None:
    writer = Writer(journal)
    fill(writer)
    assert writer.store.wait_records_after(0, 10, 0.0) == writer.store.archive.records_after(0, 10)
    short, long = (writer.store.wait_records_after(0, 10, seconds) for seconds in (10.0, 20.0))
    assert isinstance(short, Later)
    assert isinstance(long, Later)
    writer.timers.advance(10.0)
    assert result_of(short)["count"] == 0
    assert not long.settled
    writer.do(segment_stream(1), AddRecord(1, RECORD))
    writer.timers.advance(PAUSE_S)
    assert result_of(long)["count"] == 1


def test_at_the_end_of_the_store_all_waits_are_answered(journal: Journal) -> None:
    writer = Writer(journal)
    fill(writer)
    store = writer.store
    cursor = store.index.since(BEGINNING, 100).cursor
    laters = [
        store.wait("aaaa", store.room("aaaa").version, 10.0),
        store.wait_lobby_changes(cursor, 100, 10.0),
        store.wait_records_after(0, 10, 10.0),
    ]
    store.end()
    writer.timers.run()
    assert all(isinstance(later, Later) and later.settled for later in laters)


def test_a_reader_of_the_lobby_from_before_streams_were_deleted_starts_again_after_a_takeover(journal: Journal) -> None:
    writer = Writer(journal)
    writer.do(room_stream("gone"), Create("ada", "create-1", "t", "tictactoe", {}))
    before = writer.store.index.since(BEGINNING, 10).cursor
    writer.do(room_stream("gone"), Close("ada", "close-1"))
    writer.do(room_stream("here"), Create("ada", "create-2", "t", "tictactoe", {}))
    journal.forget([room_stream("gone")])
    index = Writer(journal).store.index
    assert index.since(before, 10).reset, "it has the room, and nothing tells it of the closing"
    assert not index.since(index.since(BEGINNING, 10).cursor, 10).reset


def test_a_room_that_was_unreadable_and_is_repaired_as_closed_is_not_open(journal: Journal) -> None:
    writer = Writer(journal)
    writer.do(ROOM, Create("ada", "create-1", "t", "tictactoe", {}))
    writer.do(ROOM, Close("ada", "close-1"))
    sound = damage_room(journal)
    store = Writer(journal).store
    assert store.is_open("aaaa"), "nothing shows that it is closed"
    journal.replace(sound)
    store.reload(ROOM)
    assert not store.is_open("aaaa")
