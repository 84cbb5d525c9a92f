"""What is appended is there, all or nothing, on files that fail in every way a disk fails."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from server.log.append_log.append_log import SEGMENT_BYTES, AppendLog
from server.log.append_log.batch_format import encode
from server.log.append_log.recovery import LogPlace, Recovered, recover
from server.log.append_log.segments import MemorySegments, SegmentFolder, Segments
from server.log.entries import Entry
from tests.small_disk import full_disk
from wire.errors import StorageFailed

START = LogPlace(0, 0)


def entry(position: int, body: str = "{}") -> Entry:
    return Entry(position, 1, "room/aaaa", position, body)


def log_on(segments: Segments, first: int = 1, *, sync: bool = False) -> AppendLog:
    """An append log that begins with this segment."""
    return AppendLog(segments, Recovered([], [], first), sync=sync)


def positions(segments: Segments, filled: LogPlace = START, last: int = 0) -> list[int]:
    """The positions of the entries that a start finds after position ``last``."""
    return [entry.position for batch in recover(segments, filled, last).batches for entry in batch.entries]


class FailingSegments(MemorySegments):
    """Segments on a disk that fails as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: set[str] = set()
        self.calls: list[str] = []

    def write(self, data: bytes) -> int:
        self.calls.append("write")
        return super().write(data[: len(data) // 2] if "write" in self.fails else data)

    def sync(self) -> None:
        self.calls.append("sync")
        if "sync" in self.fails:
            raise OSError(errno.EIO, "Input/output error")

    def truncate(self, size: int) -> None:
        if "truncate" in self.fails:
            raise OSError(errno.EIO, "Input/output error")
        super().truncate(size)


@pytest.mark.parametrize("fails", ["write", "sync"])
def test_after_a_failed_append_the_segment_is_as_before(fails: str) -> None:
    segments = FailingSegments()
    log = log_on(segments, sync=True)
    log.append(0, [entry(1)], ())
    before = segments.read(1)
    segments.fails = {fails}
    with pytest.raises(StorageFailed, match="the journal cannot be written"):
        log.append(1, [entry(2)], ())
    assert segments.read(1) == before
    segments.fails = set()
    log.append(1, [entry(2)], ())
    assert positions(segments) == [1, 2]


def test_while_a_segment_cannot_be_cut_back_nothing_is_appended() -> None:
    """A batch after the rest of a refused one could not be read."""
    segments = FailingSegments()
    log = log_on(segments)
    log.append(0, [entry(1)], ())
    segments.fails = {"write", "truncate"}
    with pytest.raises(StorageFailed):
        log.append(1, [entry(2)], ())
    segments.fails = {"truncate"}
    with pytest.raises(StorageFailed):
        log.append(1, [entry(2)], ())
    assert positions(segments) == [1]
    segments.fails = set()
    log.append(1, [entry(2)], ())
    assert positions(segments) == [1, 2]


@pytest.mark.parametrize("sync", [False, True])
def test_a_batch_is_synced_once_before_the_append_returns(sync: bool) -> None:
    segments = FailingSegments()
    log = log_on(segments, sync=sync)
    log.append(0, [entry(1), entry(2), entry(3)], ())
    assert segments.calls == (["write", "sync"] if sync else ["write"])


@pytest.mark.skipif(sys.platform != "linux", reason="reads which files are synced from /proc")
def test_the_first_synced_append_of_a_segment_syncs_the_names_of_its_file_and_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    fsync = os.fsync

    def syncs(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", syncs)
    folder = tmp_path / "journal.segments"
    log = log_on(SegmentFolder(folder), sync=True)
    log.append(0, [entry(1), entry(2)], ())
    segment = folder / "000000000001.log"
    assert synced == [segment, folder, tmp_path, segment]
    log.append(2, [entry(3)], ())
    assert synced[4:] == [segment]
    log.close()


def test_a_full_segment_is_followed_by_another() -> None:
    segments = MemorySegments()
    log = log_on(segments, 4)
    body = f'"{"x" * 100_000}"'
    for position in range(1, 31):
        log.append(position - 1, [entry(position, body)], ())
    assert segments.numbers() == [4, 5, 6]
    assert all(len(segments.read(number)) < SEGMENT_BYTES + 200_000 for number in segments.numbers())
    assert positions(segments) == list(range(1, 31))


def test_a_start_begins_after_what_the_database_has() -> None:
    segments = MemorySegments()
    log = log_on(segments)
    for position in (1, 2, 3):
        log.append(position - 1, [entry(position)], ())
    ends = [batch.end for batch in log.tail]
    assert positions(segments, ends[0], 1) == [2, 3]
    assert positions(segments, ends[2], 3) == []
    assert recover(segments, ends[2], 3).next_segment == 2
    assert recover(segments, LogPlace(9, 700), 3).next_segment == 10, "also where the segments are gone"


def test_a_batch_takes_the_place_of_one_that_was_refused_and_came_back() -> None:
    """Its sync failed, it was cut off, and a power cut brought it back."""
    segments = MemorySegments()
    segments.contents[1] = bytearray(encode(0, [entry(1)], ())[0] + encode(1, [entry(2, '"refused"')], ())[0])
    segments.contents[2] = bytearray(encode(1, [entry(2, '"acknowledged"')], ())[0])
    batches = recover(segments, START, 0).batches
    assert [(row.position, row.body) for batch in batches for row in batch.entries] == [
        (1, "{}"),
        (2, '"acknowledged"'),
    ]


def test_nothing_is_read_after_a_gap() -> None:
    segments = MemorySegments()
    for number in (1, 2, 3):
        segments.contents[number] = bytearray(encode(number - 1, [entry(number)], ())[0])
    assert positions(segments) == [1, 2, 3]
    assert recover(segments, START, 5).unusable == [1, 2, 3], "they are of another log"
    del segments.contents[2]
    found = recover(segments, START, 0)
    assert [row.position for batch in found.batches for row in batch.entries] == [1]
    assert found.unusable == [3]
    assert found.next_segment == 4


def test_the_torn_end_of_a_segment_hides_nothing_of_the_next() -> None:
    segments = MemorySegments()
    segments.contents[1] = bytearray(encode(0, [entry(1)], ())[0] + encode(1, [entry(2, '"torn"')], ())[0][:-3])
    segments.contents[2] = bytearray(encode(1, [entry(2)], ())[0])
    assert positions(segments) == [1, 2]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process's files be limited")
def test_files_in_a_folder(tmp_path: Path) -> None:
    segments = SegmentFolder(tmp_path / "journal.segments")
    assert segments.numbers() == []
    log = log_on(segments, 7, sync=True)
    log.append(0, [entry(1)], ())
    end = log.tail[0].end
    (file,) = (tmp_path / "journal.segments").iterdir()
    assert file.stat().st_mode & 0o077 == file.parent.stat().st_mode & 0o077 == 0
    before = file.read_bytes()
    for largest in (0, len(before), len(before) + 20):
        with full_disk(largest), pytest.raises(StorageFailed):
            log.append(1, [entry(2)], ())
        assert file.read_bytes() == before
    log.append(1, [entry(2)], ())
    log.close()
    assert positions(segments) == [1, 2]
    assert positions(segments, end, 1) == [2]
    segments.put_aside(7)
    assert segments.numbers() == []
    assert [kept.name.split(".unreadable-")[0] for kept in file.parent.iterdir()] == ["000000000007.log"]
