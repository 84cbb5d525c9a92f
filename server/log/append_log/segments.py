"""The segment files of a journal: in a folder, or in memory.

Segments have rising numbers. Only the one that was created last is written to, and only at its end. Every method raises
OSError.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from wire.atomic_files import sync

_SUFFIX = ".log"


class SegmentFolder:
    """Segments as files of a folder, which is created with the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor = -1  # of the segment that was created last; -1 while there is none

    def numbers(self) -> list[int]:
        """Return the numbers of all segments, rising."""
        try:
            names = [file.stem for file in self._folder.iterdir() if file.suffix == _SUFFIX]
        except FileNotFoundError:
            return []
        return sorted(int(name) for name in names if name.isascii() and name.isdigit())

    def read(self, number: int) -> bytes:
        """Return the content of a segment."""
        return self._file(number).read_bytes()

    def create(self, number: int) -> None:
        """Create an empty segment, and write to it from now on. An existing file of that number is replaced."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self._file(number), flags, 0o600)
        self.close()
        self._descriptor = descriptor

    def write(self, data: bytes) -> int:
        """Write at the end; return how many bytes were written, which may be fewer."""
        return os.write(self._descriptor, data)

    def sync(self) -> None:
        """Return once everything that was written survives a power cut, if the segment's name does."""
        os.fsync(self._descriptor)

    def truncate(self, size: int) -> None:
        """Cut the segment that is written to, to its first ``size`` bytes."""
        os.ftruncate(self._descriptor, size)

    def close(self) -> None:
        """Close the segment that is written to, if there is one."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def make_durable(self, number: int) -> None:
        """Return once a segment and its name survive a power cut, also with what an earlier process wrote."""
        sync(self._file(number))
        sync(self._folder)
        sync(self._folder.parent)

    def delete(self, number: int) -> None:
        """Delete a segment."""
        self._file(number).unlink(missing_ok=True)

    def put_aside(self, number: int) -> None:
        """Keep the file of a segment for people to look at, under a name that is no segment's."""
        file = self._file(number)
        file.rename(file.with_name(f"{file.name}.unreadable-{time.time_ns()}"))

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:012d}{_SUFFIX}"


class MemorySegments:
    """Segments in memory: for a journal in memory, and for a copy of another process's segments."""

    def __init__(self) -> None:
        self.contents: dict[int, bytearray] = {}
        self._written = bytearray()  # the segment that was created last

    @classmethod
    def copy_of(cls, segments: SegmentFolder) -> MemorySegments:
        """Return the segments as they are now.

        Their server may run. It deletes a segment only after SQLite has it. So read SQLite afterwards: then nothing is
        missing.
        """
        copy = cls()
        for number in segments.numbers():
            try:
                copy.contents[number] = bytearray(segments.read(number))
            except FileNotFoundError:
                continue
        return copy

    def numbers(self) -> list[int]:
        return sorted(self.contents)

    def read(self, number: int) -> bytes:
        return bytes(self.contents[number])

    def create(self, number: int) -> None:
        self._written = self.contents[number] = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def sync(self) -> None:
        """Do nothing: memory does not survive a power cut."""

    def truncate(self, size: int) -> None:
        del self._written[size:]

    def close(self) -> None:
        """Do nothing: the content stays."""

    def make_durable(self, number: int) -> None:
        """Do nothing: memory does not survive a power cut."""

    def delete(self, number: int) -> None:
        self.contents.pop(number, None)

    def put_aside(self, number: int) -> None:
        self.delete(number)


Segments = SegmentFolder | MemorySegments
"""The segment files of one journal."""
