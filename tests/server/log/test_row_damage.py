"""Rows that are damaged from outside while a journal is in use: which, and what is noticed of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.log.entries import Entry, LogId, Snapshot, StreamSummary
from server.log.journal.file import open_journal
from server.log.journal.journal import Journal
from server.log.mending import holes_of
from server.log.room_stream import room_stream
from tests.server.log.damaging import fill
from verify.testbed.row_damage import damaged_in, flip_a_bit

ROOMS = [room_stream(name) for name in ("aaaa", "bbbb")]
PICKS = 40


@pytest.fixture
def main(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "main.db")
    yield journal
    journal.close()


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "replica.db")
    yield journal
    journal.close()


def entries(first: int, last: int) -> list[Entry]:
    """Entries of both rooms in turn, at these positions."""
    return [
        Entry(position, 1, ROOMS[position % 2], (position + 1) // 2, '{"by":"ada"}')
        for position in range(first, last + 1)
    ]


def test_a_flipped_bit_is_in_one_row_and_the_journal_that_is_in_use_notices_it(
    main: Journal, replica: Journal, tmp_path: Path
) -> None:
    for journal in (main, replica):
        journal.append(entries(1, 6))
        fill(journal)
    row = flip_until_done(tmp_path)
    (damaged,) = damaged_in(tmp_path / "main.db")
    assert row.split(",")[0] == damaged.split(",")[0]
    assert not damaged_in(tmp_path / "replica.db")
    assert any(holes_of(main.copy(stream)) for stream in ROOMS)
    assert main.damage.waiting


def test_what_the_other_copy_does_not_have_is_not_damaged(main: Journal, replica: Journal, tmp_path: Path) -> None:
    main.append(entries(1, 6), [StreamSummary(ROOMS[0], 6, {})])
    replica.append([entry._replace(epoch=2) for entry in entries(1, 2)])
    fill(main)
    fill(replica)
    assert not any(flip(tmp_path, pick) for pick in range(PICKS))
    replica.receive([Snapshot(6, 1, ROOMS[0], 3, "{}")], [], LogId(1, 6))
    found = [row for pick in range(PICKS) if (row := flip(tmp_path, pick)) is not None]
    assert found in ([f"{ROOMS[0]} in entries, position 6"], [f"{ROOMS[0]} in listings, position 6"])


def test_of_a_stream_that_is_damaged_nothing_more_is_damaged(main: Journal, replica: Journal, tmp_path: Path) -> None:
    for journal in (main, replica):
        journal.append(entries(1, 6))
        fill(journal)
    found = [row for pick in range(PICKS) if (row := flip(tmp_path, pick)) is not None]
    assert len(found) == len({row.split()[0] for row in found}) == len(ROOMS)
    assert flip_a_bit(tmp_path / "replica.db", tmp_path / "main.db", random.Random(1)) is None


def test_a_journal_that_is_not_there_is_not_made(tmp_path: Path, replica: Journal) -> None:
    replica.append(entries(1, 2))
    assert flip(tmp_path, 1) is None
    assert not (tmp_path / "main.db").exists()


def flip(folder: Path, pick: int) -> str | None:
    return flip_a_bit(folder / "main.db", folder / "replica.db", random.Random(pick))


def flip_until_done(folder: Path) -> str:
    """Some tables have no row."""
    return next(row for pick in range(PICKS) if (row := flip(folder, pick)) is not None)
