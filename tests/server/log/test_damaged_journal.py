"""A journal with damaged rows: each is noticed when it is read, keeps its place, and harms nothing but its stream."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from game.accounts.names import Claim
from game.context import Limits
from game.errors import NoSuchRoom, TicTacToeError
from game.rooms.commands import Create, Join, Leave
from server.log.entries import START, Entry, Epoch, EpochStart, LogId, Snapshot
from server.log.journal.file import condemn, open_journal, reader
from server.log.journal.journal import Journal
from server.log.mending import filled, holes_of, lacks, rows_for, without_unneeded_rows
from server.log.name_stream import name_stream
from server.log.room_stream import room_stream
from server.log.row_format import LOST, checksum
from server.log.streams import Streams
from server.replication.repair import write_repaired
from server.rooms.room_store import RoomStore
from tests.server.log.damaging import cut_in_half, edit, fill, flip, kill, segment_files
from tests.server.rooms.test_room_store import Writer
from tests.server.timers_by_hand import TimersByHand
from wire.errors import Damaged, StorageFailed, error_from

STREAMS = Streams(Limits(people=10))
ROOMS = ("aaaa", "bbbb", "cccc")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture(params=["database", "segments"])
def written(file: Path, request: pytest.FixtureRequest) -> Path:
    """A journal with a name and three rooms of three events each, closed; or killed before they are in the database."""
    journal = open_journal(file)
    journal.begin_term(Epoch(1, "me"))
    writer = Writer(journal)
    writer.do(name_stream("ada"), Claim("Ada", "a" * 64))
    for number, room in enumerate(ROOMS):
        stream = room_stream(room)
        writer.do(stream, Create("Ada", f"create-{number}", room, "tictactoe", {}))
        writer.do(stream, Join("Ada", f"join-ada-{number}", "player"))
        writer.do(stream, Leave("Ada", f"leave-ada-{number}"))
    if request.param == "database":
        journal.close()
    else:
        kill(journal)
    assert bool(segment_files(file)) == (request.param == "segments")
    return file


def store_on(journal: Journal) -> RoomStore:
    store = RoomStore(STREAMS, journal, TimersByHand())
    store.load()
    return store


def test_the_checksum_of_a_row_is_of_all_that_is_in_it() -> None:
    """The encoding is a contract: journals have these sums on disk."""
    assert checksum("entry", 7, 3, 2, "room/abcd", '{"kind":"watched"}') == 0xF1FE35FF
    row = ("entry", 7, 3, 2, "room/abcd", "x")
    others = [("snapshot", *row[1:]), *((*row[:n], 9, *row[n + 1 :]) for n in (1, 2, 3))]
    others += [(*row[:4], "room/abce", "x"), (*row[:5], "y")]
    assert len({checksum(*one) for one in [row, *others]}) == len(others) + 1  # type: ignore[arg-type]


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_is_noticed_wherever_the_row_is_read(written: Path, bit: int) -> None:
    flip(written, "entries", "room/bbbb", version=2, bit=bit)
    journal = open_journal(written)
    entries = journal.copy("room/bbbb").entries
    assert [(entry.version, entry.is_lost) for entry in entries] == [(1, False), (2, True), (3, False)]
    assert [entry.is_lost for entry in journal.events("room/bbbb", 0, 10)] == [False, True, False]
    assert [e.is_lost for c in journal.copies() for e in c.entries if c.stream == "room/bbbb"] == [False, True, False]
    _, backlog = journal.backlog(LogId(0, 0), journal.last, 1 << 20)
    assert [entry.stream for entry in backlog if entry.is_lost] == ["room/bbbb"]
    assert journal.damage.waiting == ["room/bbbb"]
    journal.close()


@pytest.mark.parametrize(
    ("column", "text"), [("position", 900), ("version", 900), ("epoch", 900), ("body", b"\xff\xfe")]
)
def test_damage_in_any_column_is_noticed(written: Path, column: str, text: object) -> None:
    journal = open_journal(written)
    fill(journal)
    journal._connection.execute(f"UPDATE entries SET {column} = ? WHERE stream = 'room/bbbb' AND version = 2", (text,))
    assert holes_of(journal.copy("room/bbbb")) is not None
    with pytest.raises(Damaged):
        STREAMS.state_of(journal.copy("room/bbbb"))
    assert journal.damage.waiting == ["room/bbbb"]
    assert holes_of(journal.copy("room/aaaa")) is None
    journal.close()


def test_an_edited_row_is_noticed(written: Path) -> None:
    edit(written, "room/bbbb", '"by":"Ada"', '"by":"mallory"')
    journal = open_journal(written)
    with pytest.raises(Damaged):
        store_on(journal).room("bbbb")
    journal.close()


def test_one_damaged_room_is_refused_with_the_servers_own_error_and_the_others_go_on(written: Path) -> None:
    flip(written, "entries", "room/bbbb", version=2)
    journal = open_journal(written)
    store = store_on(journal)
    for room in ("aaaa", "cccc"):
        assert store.room(room).version == 3
    with pytest.raises(StorageFailed) as refused:
        store.view("bbbb")
    assert refused.value.code == "storage_failed"
    assert refused.value.fault == "ours"
    assert type(error_from("storage_failed", "")) is StorageFailed
    assert len(store.index) == 3
    journal.close()


def test_a_damaged_listing_is_made_anew(written: Path) -> None:
    flip(written, "listings", "room/bbbb")
    flip(written, "listings", "name/ada")
    journal = open_journal(written)
    writer = Writer(journal)
    writer.tick()
    assert len(writer.store.index) == len(ROOMS)
    assert writer.store.names.held == 1
    assert journal.damage.waiting == []
    assert journal.summaries()[1] == journal.missing_summaries() == []
    journal.close()


def test_a_room_whose_listing_is_damaged_too_is_known_to_be_damaged(written: Path) -> None:
    flip(written, "listings", "room/bbbb")
    flip(written, "entries", "room/bbbb", version=1)
    journal = open_journal(written)
    store = store_on(journal)
    assert all(map(store.has, ROOMS))
    assert not store.has("dddd")
    with pytest.raises(Damaged):
        store.room("bbbb")
    with pytest.raises(NoSuchRoom):
        store.room("dddd")
    assert store.room("aaaa").version == 3
    journal.close()


def test_a_damaged_name_is_nobody_elses(written: Path) -> None:
    flip(written, "listings", "name/ada")
    flip(written, "entries", "name/ada")
    journal = open_journal(written)
    with pytest.raises(Damaged):
        store_on(journal).state_of("name/ada")
    journal.close()


def test_a_damaged_snapshot_is_no_loss_while_the_events_are_there(written: Path) -> None:
    journal = open_journal(written)
    state = STREAMS.state_of(journal.copy("room/bbbb"))
    last = journal.log_id_of("room/bbbb", 3)
    assert last is not None
    body = STREAMS.kind_of("room/bbbb").write_state(state)
    journal.put_snapshots([Snapshot(last.position, last.epoch, "room/bbbb", 3, body)], keep_events=10)
    flip(written, "snapshots", "room/bbbb")
    assert store_on(journal).room("bbbb") == state
    assert journal.damage.waiting == ["room/bbbb"]
    journal.close()


def test_rows_of_an_older_version_get_their_sums_with_the_upgrade_if_they_can_be_read(written: Path) -> None:
    journal = open_journal(written)
    fill(journal)
    run = journal._connection.execute
    for table in ("entries", "listings"):
        run(f"UPDATE {table} SET sum = NULL")
    run("UPDATE entries SET body = '{' WHERE stream = 'room/aaaa' AND version = 2")
    run("UPDATE entries SET body = CAST(x'ff' AS TEXT) WHERE stream = 'room/aaaa' AND version = 3")
    run("PRAGMA user_version = 2")
    journal.close()
    with contextlib.closing(open_journal(written)) as again:
        writer = Writer(again)
        assert writer.store.room("bbbb").version == 3
        assert [entry.is_lost for entry in again.copy("room/aaaa").entries] == [False, True, True]
        assert again.damage.waiting == ["room/aaaa"]
        writer.tick()
        assert again.missing_summaries() == ["room/aaaa"]


def test_a_lost_row_stays_lost_and_is_noticed_again(written: Path) -> None:
    flip(written, "entries", "room/bbbb", version=2)
    journal = open_journal(written)
    journal.replace(journal.copy("room/bbbb"))
    journal.close()
    again = open_journal(written)
    assert again.copy("room/bbbb").entries[1].body == LOST
    assert again.damage.waiting == ["room/bbbb"]
    again.close()


def test_the_end_of_the_log_is_known_although_its_last_row_is_damaged(written: Path) -> None:
    journal = open_journal(written)
    last = journal.last
    fill(journal)
    journal._connection.execute("UPDATE entries SET epoch = 5 WHERE position = ?", (last.position,))
    journal.close()
    assert open_journal(written).last == last


def test_a_room_that_was_read_without_its_last_event_goes_on_where_it_was_once_that_is_mended(written: Path) -> None:
    """The place of that event could not be told: nothing showed that the room had gone on."""
    journal = open_journal(written)
    sound = journal.copy("room/bbbb")
    fill(journal)
    journal._connection.execute("UPDATE entries SET epoch = -1 WHERE stream = 'room/bbbb' AND version = 3")
    store = store_on(journal)
    assert store.room("bbbb").version == 2
    write_repaired(journal, filled(journal.copy("room/bbbb"), rows_for(sound, lacks(journal.copy("room/bbbb")))))
    store.reload("room/bbbb")
    assert store.room("bbbb").version == 3
    assert [event["version"] for event in store.news("bbbb", 2)["events"]] == [3]
    journal.close()


@pytest.mark.parametrize("damage", ["epoch = -1", "epoch = 'x'", "stream = 'rnom/cccc'", "version = -3"])
@pytest.mark.parametrize("compacted", [False, True])
def test_the_end_of_the_log_is_known_although_the_place_of_its_last_row_cannot_be_told(
    written: Path, damage: str, compacted: bool
) -> None:
    """Else the replica would be sent entries that it has, and could not take them."""
    journal = open_journal(written)
    last = journal.last
    if compacted:
        copy = journal.copy("room/cccc")
        body = STREAMS.kind_of("room/cccc").write_state(STREAMS.state_of(copy))
        journal.put_snapshots([Snapshot(copy.end, 1, "room/cccc", 3, body)], keep_events=0)
    table = "snapshots" if compacted else "entries"
    fill(journal)
    journal._connection.execute(f"UPDATE {table} SET {damage} WHERE position = ?", (last.position,))
    journal.close()
    again = open_journal(written)
    assert again.last == last
    again.append([Entry(last.position + 1, 1, "room/dddd", 1, '"more"')])
    again.close()


def test_a_copy_that_replaces_this_one_does_not_replace_sound_rows_by_lost_ones(written: Path) -> None:
    journal = open_journal(written)
    sound = list(journal.copies())
    journal.begin_copy()
    entries = [
        entry._replace(body=LOST) if entry.stream == "room/bbbb" else entry for c in sound for entry in c.entries
    ]
    journal.add_to_copy([], entries)
    journal.end_copy(journal.last, list(journal.terms), 0)
    assert list(journal.copies()) == sound
    journal.close()


def test_with_another_term_the_front_door_may_read_what_it_could_not(written: Path) -> None:
    journal = open_journal(written)
    before = store_on(journal).archive.records_after(0, 10)["mended"]
    assert store_on(journal).archive.records_after(0, 10)["mended"] == before
    journal.begin_term(Epoch(2, "me"))
    assert store_on(journal).archive.records_after(0, 10)["mended"] != before
    journal.close()


def test_another_process_that_reads_a_journal_takes_nothing_of_what_its_server_writes(written: Path) -> None:
    """A process that closes a file, however it was opened, gives up all locks that SQLite has there: then another
    process takes itself for the last one, and removes the write-ahead log from under the server.
    """
    journal = open_journal(written)
    look = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT COUNT(*) FROM entries').fetchone()"
    subprocess.run([sys.executable, "-c", look, str(written)], check=True)
    entry = Entry(journal.last.position + 1, 1, "room/dddd", 1, "{}")
    journal.append([entry])
    fill(journal)
    with contextlib.closing(reader(written)) as other:
        assert other.execute("SELECT MAX(position) FROM entries").fetchone()[0] == entry.position
    journal.close()


ROOM = "room/abcd"
COMPACTED = Snapshot(3, 1, ROOM, 3, '{"state":"of version 3"}')
OTHERS = [Entry(position, 1, ROOM, position, '{"kind":"an event"}') for position in range(1, 6)]


@pytest.fixture
def compacted(file: Path) -> Iterator[Journal]:
    """A journal with a room of five events, of which the first three are compacted away."""
    journal = open_journal(file)
    journal.begin_term(Epoch(1, "me"))
    journal.append(OTHERS)
    journal.put_snapshots([COMPACTED], keep_events=0)
    yield journal
    journal.close()


@pytest.mark.parametrize(
    ("snapshot", "entries"),
    [
        (COMPACTED._replace(body=LOST), OTHERS[3:]),
        (COMPACTED._replace(body=LOST, position=5, version=5), OTHERS[4:]),
        (None, [entry._replace(body=LOST) if entry.version == 2 else entry for entry in OTHERS]),
    ],
)
def test_what_a_copy_lost_is_filled_by_the_snapshot_that_is_here(
    compacted: Journal, snapshot: Snapshot | None, entries: list[Entry]
) -> None:
    take_in(compacted, snapshot, entries, "me")
    copy = compacted.copy(ROOM)
    assert holes_of(without_unneeded_rows(copy, keeps_events=False)) is None
    assert (copy.snapshot, copy.version) == (COMPACTED, 5)


def test_nothing_of_another_history_is_filled_in(compacted: Journal) -> None:
    take_in(compacted, COMPACTED._replace(body=LOST), OTHERS[3:], "another")
    assert (compacted.copy(ROOM).snapshot or COMPACTED).is_lost


def take_in(journal: Journal, snapshot: Snapshot | None, entries: list[Entry], holder: str) -> None:
    """Replace the journal by a copy that its main server has sent, written by that holder."""
    journal.begin_copy()
    journal.add_to_copy([] if snapshot is None else [snapshot], entries)
    journal.end_copy(LogId(1, 5), [EpochStart(1, holder, 1)], 0)


def test_a_lost_snapshot_does_not_replace_one_with_all_events_since(compacted: Journal) -> None:
    following = [Entry(6, 1, ROOM, 6, '{"kind":"an event"}')]
    lost = Snapshot(6, 1, ROOM, 6, LOST)
    compacted.receive([lost], following, lost.log_id)
    assert compacted.copy(ROOM).snapshot == COMPACTED
    assert holes_of(compacted.copy(ROOM)) is None


def test_a_lost_snapshot_keeps_the_place_of_events_that_are_not_there(compacted: Journal) -> None:
    lost = Snapshot(7, 1, ROOM, 7, LOST)
    compacted.receive([lost], [], lost.log_id)
    assert compacted.copy(ROOM).snapshot == lost


def test_an_unreadable_body_is_the_servers_fault_even_with_a_right_sum(file: Path) -> None:
    journal = open_journal(file)
    journal.begin_term(Epoch(1, "me"))
    journal.append([Entry(1, 1, "room/abcd", 1, '{"kind":"of tomorrow"}')])
    with pytest.raises(TicTacToeError) as refused:
        STREAMS.state_of(journal.copy("room/abcd"))
    assert refused.value.code == "storage_failed"
    journal.close()


def test_a_file_that_was_cut_is_put_aside_as_a_whole(written: Path) -> None:
    """SQLite opens it, and misses what is gone only where it reads."""
    cut_in_half(written)
    journal = open_journal(written)
    assert journal.last == START
    assert journal.lost
    assert list(written.parent.glob("journal.db.unreadable-*"))
    journal.close()


def test_a_killed_process_leaves_a_journal_that_is_whole(file: Path) -> None:
    """What it wrote last is in the write-ahead log alone, and the file may be shorter than it will be."""
    journal = open_journal(file)
    journal.begin_term(Epoch(1, "me"))
    journal.append([Entry(at, 1, "room/abcd", at, f'"{at}{"x" * 2000}"') for at in range(1, 500)])
    fill(journal)
    for part in (file, file.with_name("journal.db-wal")):
        part.with_name(part.name.replace("journal", "killed")).write_bytes(part.read_bytes())
    journal.close()
    killed = open_journal(file.with_name("killed.db"))
    assert killed.last == LogId(1, 499)
    assert not killed.lost
    killed.close()


def test_a_journal_that_could_not_be_read_while_it_was_in_use_is_put_aside_at_the_next_start(written: Path) -> None:
    condemn(written)
    journal = open_journal(written)
    assert journal.lost
    journal.close()
    assert open_journal(written).last == START, "once: what comes from the other copy stays"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE terms SET position = 2 WHERE epoch = 3",
        "UPDATE terms SET holder = 'mf' WHERE epoch = 3",
        "UPDATE terms SET epoch = 7 WHERE epoch = 3",
        "UPDATE terms SET position = 2 WHERE epoch = 1",
    ],
)
def test_a_damaged_term_is_put_right_from_what_is_there_a_second_time(file: Path, damage: str) -> None:
    journal = open_journal(file)
    for epoch in (1, 2, 3):
        journal.begin_term(Epoch(epoch, f"me-{epoch}"))
        journal.append([Entry(epoch, epoch, "room/abcd", epoch, "{}")])
    terms, end = list(journal.terms), journal.end
    fill(journal)
    journal._connection.execute(damage)
    journal.close()
    again = open_journal(file)
    assert again.end == end
    assert [(term.epoch, term.first) for term in again.terms][-2:] == [(term.epoch, term.first) for term in terms][-2:]
    again.begin_term(Epoch(8, "me-8"))
    again.close()


def test_of_a_damaged_promise_only_a_higher_epoch_is_known_to_keep_it(written: Path) -> None:
    journal = open_journal(written)
    fill(journal)
    journal._connection.execute("UPDATE office SET holder = 'mf'")
    journal.close()
    again = open_journal(written)
    assert again.epoch == Epoch(1, "")
    again.close()
