"""What is appended and not in the database yet: it is read, kept and moved as if it were."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.log.append_log.append_log import MOST_SEGMENTS, SEGMENT_BYTES
from server.log.entries import BEFORE_ALL, START, Entry, Epoch, EpochStart, LogId, Snapshot, StreamSummary
from server.log.journal.file import open_journal, reader, segments_of
from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import FILL_BATCHES, Journal
from server.log.journal.pair import journal_of, reading
from server.log.journal.schema import FORMAT
from server.settings import Settings
from tests.conditions import PATIENCE_S, wait_until
from tests.server.log.damaging import fill, flip, kill, segment_files
from tests.small_disk import full_disk
from wire import MAIN
from wire.errors import StorageFailed

A, B = "room/aaaa", "room/bbbb"
EVENT = '{"kind":"watched","by":"ada","request_id":"watch-ada"}'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(file: Path) -> Iterator[Journal]:
    """A journal with two entries in the database and three in the tail."""
    journal = open_journal(file)
    journal.begin_term(Epoch(1, "me"))
    journal.append([entry(1, A, 1), entry(2, B, 1)], [StreamSummary(A, 1, {"title": "one"})])
    fill(journal)
    journal.append([entry(3, A, 2)], [StreamSummary(A, 3, {"title": "two"})])
    journal.append([entry(4, A, 3), entry(5, B, 2)])
    yield journal
    with contextlib.suppress(sqlite3.ProgrammingError):  # a test may have killed it
        journal.close()


def entry(position: int, stream: str, version: int, epoch: int = 1) -> Entry:
    return Entry(position, epoch, stream, version, EVENT)


def in_database(file: Path) -> list[int]:
    """The positions that another process finds in the database."""
    with contextlib.closing(reader(file)) as connection:
        return [position for (position,) in connection.execute("SELECT position FROM entries ORDER BY 1")]


READS: dict[str, Callable[[Journal], object]] = {
    "last": lambda journal: journal.last,
    "end": lambda journal: journal.end,
    "copy": lambda journal: journal.copy(A),
    "copies": lambda journal: list(journal.copies()),
    "parts": lambda journal: journal.parts(BEFORE_ALL, 1 << 20),
    "events": lambda journal: journal.events(A, 1, 10),
    "backlog": lambda journal: journal.backlog(LogId(1, 2), LogId(1, 5), 1 << 20),
    "log_id_of": lambda journal: journal.log_id_of(B, 2),
    "summaries": lambda journal: journal.summaries(),
    "missing_summaries": lambda journal: journal.missing_summaries(),
    "tail_lengths": lambda journal: journal.tail_lengths(),
    "stream_at": lambda journal: journal.stream_at(5),
}


@pytest.mark.parametrize("read", READS)
def test_every_read_sees_the_tail(journal: Journal, file: Path, read: str) -> None:
    assert in_database(file) == [1, 2]
    before = READS[read](journal)
    assert in_database(file) == [1, 2], "a read writes nothing"
    fill(journal)
    assert in_database(file) == [1, 2, 3, 4, 5]
    assert READS[read](journal) == before


@pytest.mark.parametrize("read", READS)
def test_every_read_sees_the_tail_on_a_full_disk_and_after_a_kill(journal: Journal, file: Path, read: str) -> None:
    expected = READS[read](journal)
    kill(journal)
    with full_disk():
        again = open_journal(file)
        assert READS[read](again) == expected
        with pytest.raises(StorageFailed):
            again.append([entry(6, A, 4)])
        assert READS[read](again) == expected
        with pytest.raises(StorageFailed):
            again.fill()
        assert READS[read](again) == expected
    fill(again)
    assert READS[read](again) == expected
    again.close()


def test_an_append_waits_for_nobody_who_uses_the_database(journal: Journal, file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other, journal._lock:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(journal.append, [entry(6, A, 4)]).result(PATIENCE_S)
    assert journal.last == LogId(1, 6)


def test_segments_that_the_database_has_are_deleted(journal: Journal, file: Path) -> None:
    body = f'{{"text":"{"x" * (SEGMENT_BYTES // 4)}"}}'
    for position in range(6, 26):
        journal.append([entry(position, A, position - 2)._replace(body=body)])
    assert len(segment_files(file)) > 4
    fill(journal)
    assert len(segment_files(file)) == 1
    journal.close()
    assert segment_files(file) == []
    with contextlib.closing(open_journal(file)) as again:
        assert again.last == LogId(1, 25)


def test_a_long_tail_is_moved_in_parts(journal: Journal, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for position in range(6, 1006):
        journal.append([entry(position, A, position - 2)])
    parts: list[int | None] = []
    writing = journal.writing
    monkeypatch.setattr(journal, "writing", lambda most=None: parts.append(most) or writing(most))
    journal.fill()
    assert parts == [FILL_BATCHES] * 6
    assert len(in_database(file)) == 1005


def test_a_kill_after_the_commit_and_before_the_segment_is_deleted_doubles_nothing(
    journal: Journal, file: Path
) -> None:
    segments = {segment: segment.read_bytes() for segment in segment_files(file)}
    journal.close()
    for segment, content in segments.items():
        segment.write_bytes(content)
    with contextlib.closing(open_journal(file)) as again:
        assert [entry.version for entry in again.copy(A).entries] == [1, 2, 3]
        again.append([entry(6, A, 4)])
        fill(again)
        assert in_database(file) == [1, 2, 3, 4, 5, 6]


def test_what_is_forgotten_does_not_come_back_from_the_tail(journal: Journal, file: Path) -> None:
    journal.forget([A])
    kill(journal)
    with contextlib.closing(open_journal(file)) as again:
        fill(again)
        assert [copy.stream for copy in again.copies()] == [B]


def test_a_log_that_is_replaced_does_not_come_back_from_the_tail(journal: Journal, file: Path) -> None:
    journal.begin_copy()
    journal.add_to_copy([], [entry(1, B, 1, 2)])
    journal.end_copy(LogId(2, 1), [EpochStart(2, "you", 1)], 0)
    kill(journal)
    again = open_journal(file)
    assert again.last == LogId(2, 1)
    assert [copy.entries for copy in again.copies()] == [(entry(1, B, 1, 2),)]
    again.append([entry(2, B, 2, 2)])
    kill(again)
    with contextlib.closing(open_journal(file)) as third:
        assert third.last == LogId(2, 2)


def test_snapshots_of_the_tail_replace_its_entries(journal: Journal, file: Path) -> None:
    journal.put_snapshots([Snapshot(4, 1, A, 3, "{}")], keep_events=0)
    assert in_database(file) == [2, 5]
    assert journal.copy(A).entries == ()
    assert journal.last == LogId(1, 5)


def test_what_a_replica_receives_is_appended_and_what_begins_a_term_is_in_the_database(file: Path) -> None:
    journal = open_journal(file)
    journal.receive([], [entry(1, A, 1)], LogId(1, 1), [EpochStart(1, "me", 1)])
    journal.receive([], [entry(2, A, 2), entry(7, B, 4)], LogId(1, 7))
    assert in_database(file) == [1]
    kill(journal)
    with contextlib.closing(open_journal(file)) as again:
        assert again.end == (1, 7, "me")
        assert [entry.position for entry in again.copy(B).entries] == [7]


def test_while_the_database_refuses_for_long_appends_are_refused(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the tail would fill the memory."""
    monkeypatch.setattr("server.log.append_log.append_log.SEGMENT_BYTES", 1)
    for position in range(6, 6 + MOST_SEGMENTS):
        with contextlib.suppress(StorageFailed):
            journal.append([entry(position, A, position - 2)])
    last = journal.last
    with pytest.raises(StorageFailed, match="lacks too much"):
        journal.append([entry(last.position + 1, A, last.position - 1)])
    assert journal.last == last
    fill(journal)
    journal.append([entry(last.position + 1, A, last.position - 1)])


def test_g1_after_a_gap_the_log_ends_and_a_main_server_does_not_go_on_alone(journal: Journal, file: Path) -> None:
    """As a power cut leaves it without sync: a segment was deleted, and the database lost what it had from it."""
    guard = GuardFile()
    guard.raise_to(journal.last)
    kill(journal)
    (segment,) = segment_files(file)
    moved = segment.with_name("000000000002.log")
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE filled SET sum = NULL")
    segment.rename(moved)
    again = open_journal(file, guard=guard)
    assert again.last == LogId(1, 2)
    assert not guard.allows_alone(again.last)
    assert segment_files(file) == []
    assert [path.name.split(".unreadable-")[0] for path in segments_of(file).iterdir()] == [moved.name]
    again.append([entry(3, A, 2)])
    kill(again)
    with contextlib.closing(open_journal(file)) as third:
        assert [entry.version for entry in third.copy(A).entries] == [1, 2]
        assert third.last == LogId(1, 3)


def test_what_precedes_unreadable_damage_is_kept_before_its_segment_goes(journal: Journal, file: Path) -> None:
    journal.append([entry(6, A, 4)])
    kill(journal)
    (segment,) = segment_files(file)
    content = segment.read_bytes()
    cut = content.index(b"\n4\n1\n3\n") - 20  # in the header of the batch of positions 4 and 5
    segment.write_bytes(content[:cut] + content[cut + 100 :])
    with contextlib.closing(open_journal(file)) as again:
        assert again.last == LogId(1, 3)
        assert in_database(file) == [1, 2, 3]
    assert segment_files(file) == []


def test_damage_in_a_segment_costs_nothing_while_the_journal_is_in_use(journal: Journal, file: Path) -> None:
    flip(file, "entries", A, version=3)
    journal.fill()
    kill(journal)
    with contextlib.closing(open_journal(file)) as again:
        assert again.copy(A).entries[2] == entry(4, A, 3)
        assert again.damage.waiting == []


def test_damage_in_a_segment_is_reported_at_the_start(journal: Journal, file: Path) -> None:
    kill(journal)
    flip(file, "entries", A, version=3)
    with contextlib.closing(open_journal(file)) as again:
        assert again.damage.waiting == [A]
        assert again.last == LogId(1, 5)


def test_another_process_sees_where_the_log_ends_and_is_in_nobodys_way(tmp_path: Path) -> None:
    settings = Settings(data_folder=str(tmp_path / "data"))
    file = journal_of(settings, MAIN)
    journal = open_journal(file)
    journal.begin_term(Epoch(1, "me"))
    journal.append([entry(position, A, position) for position in range(1, 6)])
    with reading(settings, MAIN) as other:
        assert other.end == journal.end == (1, 5, "me")
        assert list(other.copies()) == []
        assert journal.copy(A).version == 5
    journal.append([entry(6, A, 6)])
    fill(journal)
    assert in_database(file) == [1, 2, 3, 4, 5, 6]
    journal.close()


def test_a_journal_of_a_newer_format_is_refused_in_a_sentence(journal: Journal, file: Path) -> None:
    journal.close()
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(StorageFailed, match=f"has format {FORMAT + 1}; these servers read formats up to {FORMAT}"):
        open_journal(file)


def test_reads_fills_and_snapshots_beside_appends_lose_nothing(file: Path) -> None:
    journal, stop = open_journal(file), threading.Event()
    length = 3000

    def read() -> int:
        looks = 0
        while not stop.is_set():
            end = journal.last.position
            versions = [entry.version for entry in journal.copy(A).entries]
            assert versions == list(range(versions[0] if versions else 1, len(versions) + (versions or [1])[0]))
            assert (versions or [0])[-1] >= end
            looks += 1
        return looks

    def compact() -> None:
        while not stop.is_set():
            version = journal.last.position
            if version:
                journal.put_snapshots([Snapshot(version, 1, A, version, "{}")], keep_events=50)

    def move() -> None:
        while not stop.is_set():
            journal.fill()

    with ThreadPoolExecutor(3) as pool:
        filler = pool.submit(move)
        others = [pool.submit(read), pool.submit(compact), filler]
        try:
            for position in range(1, length + 1):
                journal.append([entry(position, A, position)])
            wait_until(lambda: in_database(file)[-1:] == [length])
        finally:
            stop.set()
        assert all(other.exception(PATIENCE_S) is None for other in others)
    kill(journal)
    with contextlib.closing(open_journal(file)) as again:
        copy = again.copy(A)
        assert copy.version == length
        assert not copy.has_gap
        assert again.last == LogId(1, length) != START
