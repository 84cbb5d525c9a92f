"""What a copy takes in: rows that are checked one by one, and what is done with a stream that makes no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from game.context import Limits
from game.errors import InvalidArgument
from game.rooms.events import Created, Moved
from server.log import message_checks
from server.log.entries import Entry, EpochStart, LogId
from server.log.journal.compaction import Compactor
from server.log.journal.file import open_journal
from server.log.streams import Streams

STREAMS = Streams(Limits(people=10))
ROOM = "room/abcd2345"
KIND = STREAMS.kind_of(ROOM)
CREATED = KIND.write_event(Created("ada", "r" * 12, "abcd2345", "t", "tictactoe", {}))
MOVED = KIND.write_event(Moved("ada", "s" * 12, "X", 4))
GOOD = [7, 2, ROOM, 1, CREATED]


def test_good_rows_become_entries_as_they_came() -> None:
    assert message_checks.entries([GOOD, (9, 3, ROOM, 2, MOVED)]) == [Entry(*GOOD), Entry(9, 3, ROOM, 2, MOVED)]
    assert message_checks.entries([]) == []
    (copy,) = message_checks.copies([[ROOM, None, [GOOD]]])
    assert copy.entries == (Entry(*GOOD),)


@pytest.mark.parametrize(
    "bad", [None, 1, "abcde", [], GOOD[:4], [*GOOD, 1], dict(enumerate(GOOD))], ids=lambda bad: str(bad)[:20]
)
def test_a_row_of_another_shape_is_refused(bad: object) -> None:
    with pytest.raises(InvalidArgument):
        message_checks.entries([bad])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *((0, value) for value in (0, -1, 1 << 63, True, 1.0, "7", None)),
        *((1, value) for value in (0, 1 << 63, "2")),
        *((2, value) for value in ("", "room", "elsewhere/x", 5, "room/" + "x" * 300, "room/\ud800")),
        *((3, value) for value in (0, "1", None)),
        *((4, value) for value in ("", "{}", CREATED[:-1], "[" * 100_000, {"kind": "created"}, b"{}", "null")),
    ],
)
def test_a_part_out_of_range_is_refused(place: int, value: object) -> None:
    with pytest.raises(InvalidArgument):
        message_checks.entries([[value if number == place else part for number, part in enumerate(GOOD)]])


def test_what_is_compacted_away_leaves_a_gap_that_is_no_fault() -> None:
    """Found by the simulator (seeds 22257 and 23156): a main server that had such a gap got no replica any more."""
    rows_with_gap = [GOOD, (8, 2, ROOM, 5, MOVED)]
    assert [entry.version for entry in message_checks.entries(rows_with_gap)] == [GOOD[3], 5]


@pytest.mark.parametrize(
    "second",
    [(7, 2, ROOM, 2, MOVED), (6, 2, ROOM, 2, MOVED), (8, 1, ROOM, 2, MOVED), (8, 2, *GOOD[2:])],
)
def test_rows_out_of_order_are_refused(second: tuple[object, ...]) -> None:
    with pytest.raises(InvalidArgument):
        message_checks.entries([GOOD, second])


def test_what_does_not_come_after_or_is_of_an_epoch_to_come_cannot_follow() -> None:
    entry = Entry(*GOOD)
    message_checks.follow(LogId(2, 6), 2, [entry], [EpochStart(2, "b", 7)])
    with pytest.raises(InvalidArgument):
        message_checks.follow(LogId(2, 7), 2, [entry], [])
    with pytest.raises(InvalidArgument):
        message_checks.follow(LogId(1, 6), 1, [entry], [])
    for term in (EpochStart(2, "b", 6), EpochStart(2, "b", 8), EpochStart(3, "c", 7)):
        with pytest.raises(InvalidArgument):
            message_checks.follow(LogId(2, 6), 2, [entry], [term])


def test_a_snapshot_that_is_no_state_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        message_checks.snapshots([GOOD])
    with pytest.raises(InvalidArgument):
        message_checks.copies([[ROOM, [7, 2, ROOM, 1, "{}"], []]])
    with pytest.raises(InvalidArgument):
        message_checks.copies([["room/other222", None, [GOOD]]])


def test_a_stream_whose_events_make_no_sense_is_not_compacted_and_ends_nobody(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    nonsense = [Entry(position, 1, ROOM, position, MOVED) for position in range(1, 10)]
    fine = [Entry(10, 1, "name/ada", 1, '{"kind":"claimed","name":"ada","token_hash":"' + "f" * 64 + '"}')]
    journal.append([*nonsense, *fine])
    compactor = Compactor(journal, STREAMS, every=1, keep_events=0, upto=lambda: 100)
    while compactor.compact_some():
        pass
    assert len(journal.copy(ROOM).entries) == 9
    assert journal.copy("name/ada").snapshot is not None
    journal.close()
