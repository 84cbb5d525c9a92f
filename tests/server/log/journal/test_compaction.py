"""When a snapshot may be taken, and when not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from game.context import Context, Limits
from game.rooms.commands import Create, Join, Leave
from game.rooms.state import Room, nothing
from server.log.entries import Entry, LogId, Snapshot, StreamCopy
from server.log.journal.compaction import Compactor
from server.log.journal.file import open_journal
from server.log.journal.journal import Journal
from server.log.room_stream import room_stream
from server.log.streams import Streams
from tests.server.log.damaging import fill, flip

ROOM = room_stream("abcd")
STREAMS = Streams(Limits(people=10))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "journal.db")
    yield journal
    journal.close()


def history(length: int) -> list[tuple[Room, Entry]]:
    """A room to which somebody comes and from which he goes: each state with the entry that led to it."""
    kind, state, made = STREAMS.kind_of(ROOM), nothing("abcd"), list[tuple[Room, Entry]]()
    for position in range(1, length + 1):
        request = f"request-{position}"
        command = Join("bob", request, "spectator") if position % 2 == 0 else Leave("bob", request)
        first = position == 1
        (event,) = kind.decide(state, Create("ada", request, "", "tictactoe", {}) if first else command, Context())
        state = kind.evolve(state, event)
        made.append((state, Entry(position, 1, ROOM, position, kind.write_event(event))))
    return made


def compactor(journal: Journal) -> Compactor:
    return Compactor(journal, STREAMS, every=2, keep_events=2, upto=lambda: journal.last.position)


def test_a_copy_that_still_catches_up_takes_no_snapshot_of_what_it_has_in_part(journal: Journal) -> None:
    """Of a room whose beginning is compacted the last events come first, then the snapshot that stands for the rest."""
    made = history(8)
    entries = [entry for _, entry in made]
    replica = compactor(journal)
    journal.receive((), entries[4:6], LogId(1, 6))
    replica.count_entries(entries[4:6])
    replica.compact_some()
    assert journal.copy(ROOM).snapshot is None
    state = STREAMS.kind_of(ROOM).write_state(made[6][0])
    journal.receive([Snapshot(7, 1, ROOM, 7, state)], entries[6:], LogId(1, 8))
    replica.count_entries(entries[6:])
    replica.compact_some()
    snapshot = journal.copy(ROOM).snapshot
    assert snapshot is not None
    assert snapshot.version == 8


def test_while_the_journal_is_sent_whole_no_snapshot_is_taken(journal: Journal) -> None:
    entries = [entry for _, entry in history(4)]
    main = compactor(journal)
    journal.append(entries)
    main.count_entries(entries)
    with main.paused:
        assert not main.compact_some()
    assert journal.copy(ROOM).snapshot is None
    assert main.compact_some()
    assert journal.copy(ROOM).snapshot is not None


def test_a_damaged_stream_is_not_compacted_and_that_is_no_fault_of_the_compaction(
    journal: Journal, tmp_path: Path
) -> None:
    entries = [entry for _, entry in history(4)]
    main = compactor(journal)
    journal.append(entries)
    main.count_entries(entries)
    fill(journal)
    flip(tmp_path / "journal.db", "entries", ROOM, version=2)
    with capture_logs() as logs:
        assert main.compact_some()
    assert journal.copy(ROOM).snapshot is None
    assert [line["event"] for line in logs] == ["row damaged"]


def test_g9_of_rooms_that_are_no_more_nothing_is_counted(journal: Journal) -> None:
    main = compactor(journal)
    main.recount()
    for number in range(50):
        first = number * 3 + 1
        stream = room_stream(f"room{number}")
        entries = [entry._replace(position=first + at, stream=stream) for at, (_, entry) in enumerate(history(3))]
        journal.append(entries)
        main.count_entries(entries)
        if number % 2:
            main.compact_some()
        journal.forget([stream])
        main.forgotten([stream])
        main.compact_some()
    assert not main._tails
    assert not main._due


@pytest.mark.parametrize(
    ("snapshot", "versions", "gap"),
    [
        (0, [1, 2, 3], False),
        (0, [2, 3], True),
        (0, [], False),
        (4, [3, 4, 5], False),
        (4, [6], True),
        (4, [5, 7], True),
    ],
)
def test_a_gap_is_where_events_are_missing_after_the_snapshot(snapshot: int, versions: list[int], gap: bool) -> None:
    kept = Snapshot(snapshot, 1, ROOM, snapshot, "{}") if snapshot else None
    copy = StreamCopy(ROOM, kept, tuple(Entry(version, 1, ROOM, version, "{}") for version in versions))
    assert copy.has_gap is gap
