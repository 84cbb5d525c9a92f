"""What keeps a main server from going on alone with a journal that lacks something it once had.

The highest epoch and position of the journal stand in a small file apart from it: a journal that was put back from a
backup ends before them. So does one whose last writes a power cut took while this file's were spared. Such a journal
takes office only with the replica's answer at hand. The file is mapped into memory, so that a commit pays no system
call for it; like the journal's own writes without ``DURABILITY=fsync`` it survives the process, not the machine.

It has no checksum: a process that is killed between two stores would leave a wrong one. A damaged position or mark of
divergence makes the main server wait for the replica, and is put right with its answer. A damaged epoch that no server
can have had is ignored, and overwritten by the next.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from server.log.entries import FARTHEST_LEAP, LogId
from wire.errors import StorageFailed

_EPOCH, _POSITION, _DIVERGED = range(3)
_BYTES = 8 * 3


class GuardFile:
    """The highest epoch and position that a journal ever had, and whether it was found to have diverged."""

    def __init__(self, memory: bytearray | mmap.mmap | None = None) -> None:
        """Without ``memory`` to keep it in, it lasts as long as the object."""
        self._words = memoryview(bytearray(_BYTES) if memory is None else memory).cast("Q")

    @classmethod
    def in_file(cls, file: Path) -> GuardFile:
        """One that outlives the process; the file is made where it is missing. Raises StorageFailed."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(file, os.O_CREAT | os.O_RDWR, 0o600), "r+b") as opened:
                if os.fstat(opened.fileno()).st_size < _BYTES:
                    opened.write(bytes(_BYTES))  # written, not a hole: a store into a hole of a full disk is a SIGBUS
                    opened.flush()
                return cls(mmap.mmap(opened.fileno(), _BYTES))
        except OSError as error:
            raise StorageFailed(f"{file.name} cannot be written: {error.strerror or error}") from error

    @property
    def highest(self) -> LogId:
        """The highest epoch and the highest position yet."""
        return LogId(self._words[_EPOCH], self._words[_POSITION])

    def epoch_above(self, known: int) -> int:
        """The highest epoch yet, at least ``known``, which is the journal's. Of one that is farther above that than a
        replica would follow only damage can be the cause.
        """
        highest = self._words[_EPOCH]
        return highest if known < highest <= known + FARTHEST_LEAP else known

    def allows_alone(self, last: LogId) -> bool:
        """Whether a journal that ends there is known to have all that it ever had."""
        return last.position >= self._words[_POSITION] and not self._words[_DIVERGED]

    def raise_to(self, mark: LogId) -> None:
        """The journal ends there now."""
        self._words[_EPOCH] = self.epoch_above(mark.epoch)
        self._words[_POSITION] = max(mark.position, self._words[_POSITION])

    def diverged(self) -> None:
        """The replica has entries that the journal lacks."""
        self._words[_DIVERGED] = 1

    def settle(self, last: LogId) -> None:
        """The journal ends there and has all that it and the replica's copy had when they were compared."""
        self._words[_DIVERGED] = 0
        self._words[_POSITION] = last.position
