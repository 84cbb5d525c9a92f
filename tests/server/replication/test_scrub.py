"""A journal is read through in the background: what is damaged is noticed although nobody asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from game.errors import InvariantBroken
from server.log.entries import Snapshot, StreamCursor
from server.log.journal.file import open_journal, reader
from server.log.journal.journal import Journal
from server.log.room_stream import room_stream
from server.replication.scrub import PAGE, Scrub
from tests.server.log.damaging import edit, fill, flip
from tests.server.log.test_damaged_journal import ROOMS, STREAMS, file, written
from tests.server.rooms.test_room_store import Writer

__all__ = ["file", "written"]  # fixtures


class Pauses:
    """Time that passes only when somebody pauses."""

    def __init__(self) -> None:
        self.paused_s = 0.0

    def __call__(self, seconds: float) -> None:
        self.paused_s += seconds


@pytest.fixture
def journal(written: Path) -> Iterator[Journal]:
    opened = open_journal(written)
    fill(opened)
    yield opened
    opened.close()


def scrubbed(journal: Journal, file: Path, **changes: object) -> Scrub:
    scrub = Scrub(journal, lambda: reader(file), rows_per_s=100, every_s=60.0, **changes)  # type: ignore[arg-type]
    for _ in scrub.one_pass(lambda: True):
        pass
    return scrub


def test_a_sound_journal_is_read_through(journal: Journal, written: Path) -> None:
    scrub = scrubbed(journal, written)
    assert journal.damage.waiting == []
    assert scrub.finished_at > 0
    assert scrub.rows == 1 + 9 + 4, "a name, three rooms of three events, four listings"


def test_a_flipped_bit_is_found(journal: Journal, written: Path) -> None:
    flip(written, "entries", "room/bbbb", version=2)
    scrubbed(journal, written)
    assert journal.damage.waiting == ["room/bbbb"]


def test_an_edited_row_is_found(journal: Journal, written: Path) -> None:
    edit(written, "room/cccc", "Ada", "mallory")
    scrubbed(journal, written)
    assert journal.damage.waiting == ["room/cccc"]


def test_a_damaged_snapshot_is_found(journal: Journal, written: Path) -> None:
    copy = journal.copy("room/aaaa")
    body = STREAMS.kind_of("room/aaaa").write_state(STREAMS.state_of(copy))
    journal.put_snapshots([Snapshot(copy.end, 1, "room/aaaa", 3, body)], keep_events=10)
    flip(written, "snapshots", "room/aaaa")
    scrubbed(journal, written)
    assert journal.damage.waiting == ["room/aaaa"]


def test_an_event_that_is_gone_is_found(journal: Journal, written: Path) -> None:
    fill(journal)
    journal._connection.execute("DELETE FROM entries WHERE stream = 'room/bbbb' AND version = 2")
    scrubbed(journal, written)
    assert journal.damage.waiting == ["room/bbbb"]


def test_a_damaged_listing_is_made_anew_at_the_next_start(journal: Journal, written: Path) -> None:
    before = {summary.stream: summary.row for summary in journal.summaries()[0]}
    flip(written, "listings", "room/bbbb")
    scrubbed(journal, written)
    assert journal.missing_summaries() == ["room/bbbb"]
    Writer(journal).tick()
    assert {summary.stream: summary.row for summary in journal.summaries()[0]}.items() >= before.items()


@pytest.mark.parametrize("name", [b"rnom/bbbb", b"room/bbbc", b"room/bb\xe2b", b"\xf2oom/bbbb"])
@pytest.mark.parametrize("sum_", ["sum", "NULL"])
def test_a_listing_whose_name_is_damaged_goes_and_ends_nothing(
    journal: Journal, written: Path, name: bytes, sum_: str
) -> None:
    fill(journal)
    journal._connection.execute(
        f"UPDATE listings SET stream = CAST(? AS TEXT), sum = {sum_} WHERE stream = 'room/bbbb'", (name,)
    )
    scrubbed(journal, written)
    assert journal._connection.execute("SELECT COUNT(*) FROM listings").fetchone() == (3,)
    assert journal.missing_summaries() == ["room/bbbb"]


@pytest.mark.parametrize("table", ["entries", "snapshots"])
@pytest.mark.parametrize("name", [b"rnom/bbbb", b"room/bb\xe2b", b"\xf2oom/bbbb"])
def test_a_row_whose_stream_cannot_be_told_ends_nothing(
    journal: Journal, written: Path, table: str, name: bytes
) -> None:
    copy = journal.copy("room/bbbb")
    body = STREAMS.kind_of("room/bbbb").write_state(STREAMS.state_of(copy))
    journal.put_snapshots([Snapshot(copy.end, 1, "room/bbbb", 3, body)], keep_events=10)
    fill(journal)
    journal._connection.execute(
        f"UPDATE {table} SET stream = CAST(? AS TEXT) WHERE stream = 'room/bbbb' AND version = 3", (name,)
    )
    scrubbed(journal, written)
    assert {copy.stream for copy in journal.parts(StreamCursor("", 0), 1 << 20)} == {
        "name/ada",
        *map(room_stream, ROOMS),
    }


def test_whatever_a_pass_meets_is_a_trouble_and_not_the_end_of_the_server(
    journal: Journal, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(written, "listings", "room/bbbb")

    def fail(stream: str) -> None:
        raise InvariantBroken(stream)

    monkeypatch.setattr(journal, "drop_summary", fail)
    scrub = Scrub(journal, lambda: reader(written), rows_per_s=100, every_s=0.1)
    scrub.run(lambda: scrub.retries.trouble is None, Pauses())
    assert scrub.retries.trouble is not None


def test_the_stream_of_a_row_is_known_by_the_index(journal: Journal) -> None:
    position = journal.copy("room/bbbb").entries[1].position
    assert journal.stream_at(position) == "room/bbbb"
    assert journal.stream_at(position + 1000) is None


def test_it_keeps_its_pace_and_ends_in_the_middle(journal: Journal, written: Path) -> None:
    scrub = Scrub(journal, lambda: reader(written), rows_per_s=100, every_s=60.0)
    assert sum(scrub.one_pass(lambda: True)) == pytest.approx(scrub.rows / 100)
    scrub = Scrub(journal, lambda: reader(written), rows_per_s=100, every_s=60.0)
    assert sum(scrub.one_pass(lambda: False)) > 0
    assert 0 < scrub.rows <= PAGE
    assert scrub.finished_at == 0


def test_what_sqlite_cannot_read_is_reported_as_a_whole(journal: Journal, written: Path) -> None:
    fill(journal)
    journal._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(written.read_bytes())
    raw[4096:] = bytes([0x5A]) * (len(raw) - 4096)
    written.write_bytes(raw)
    reasons: list[str] = []
    journal.on_unreadable = reasons.append
    scrub = Scrub(journal, lambda: reader(written), rows_per_s=100, every_s=0.1)
    scrub.run(lambda: not reasons and not scrub.retries.trouble, Pauses())
    assert reasons
    assert ROOMS
