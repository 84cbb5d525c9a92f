"""The segment files of a journal: in a folder, or in memory.

Segments have rising numbers. Only the newest is written to, and only at its end. Every method raises OSError.
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

    def create(self, number: int) -> SegmentFile:
        """Create an empty segment. An existing file of that number is replaced."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        return FolderFile(self._file(number))

    def sync(self, number: int) -> None:
        """Return once everything in a segment survives a power cut, also what an earlier process wrote."""
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


class FolderFile:
    """A file of a segment, open for appends."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self._descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        # The first sync makes the names of the file and of its folder durable, too.
        self._is_named = False

    def write(self, data: bytes) -> int:
        """Write at the end; return how many bytes were written, which may be fewer."""
        return os.write(self._descriptor, data)

    def sync(self) -> None:
        """Return once everything that was written survives a power cut."""
        os.fsync(self._descriptor)
        if not self._is_named:
            sync(self._folder)
            sync(self._folder.parent)
            self._is_named = True

    def truncate(self, size: int) -> None:
        """Cut the file to its first ``size`` bytes."""
        os.ftruncate(self._descriptor, size)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class MemorySegments:
    """Segments in memory: for a journal in memory, and for a copy of another process's segments."""

    def __init__(self) -> None:
        self.contents: dict[int, bytearray] = {}

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

    def create(self, number: int) -> SegmentFile:
        content = self.contents[number] = bytearray()
        return MemoryFile(content)

    def sync(self, number: int) -> None:
        """Do nothing: memory does not survive a power cut."""

    def delete(self, number: int) -> None:
        self.contents.pop(number, None)

    def put_aside(self, number: int) -> None:
        self.delete(number)


class MemoryFile:
    """A segment in memory, open for appends."""

    def __init__(self, content: bytearray) -> None:
        self._content = content

    def write(self, data: bytes) -> int:
        self._content += data
        return len(data)

    def sync(self) -> None:
        """Do nothing: memory does not survive a power cut."""

    def truncate(self, size: int) -> None:
        del self._content[size:]

    def close(self) -> None:
        """Do nothing: the content stays."""


Segments = SegmentFolder | MemorySegments
"""The segment files of one journal."""
SegmentFile = FolderFile | MemoryFile
"""A segment that is open for appends."""
