"""The guard file stops a main server from serving alone with a journal that lost entries.

The file stores the highest epoch and position of the journal, apart from it. A journal restored from a backup ends
before them. So does a journal that lost its last writes in a power cut, if the guard file's writes survived. A main
server with such a journal takes over only after the replica answered.

The file is mapped into memory, so a commit needs no system call for it. Like the journal's own writes without
``DURABILITY=fsync``, it survives a crash of the process but not of the machine.

The file has no checksum: a process killed between two stores would leave a wrong one. A damaged position or divergence
flag makes the main server wait for the replica, and the replica's answer corrects it. A damaged epoch that no server
can have had is ignored, and the next epoch overwrites it.
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
    """The highest epoch and position that a journal ever had, and whether it has diverged."""

    def __init__(self, memory: bytearray | mmap.mmap | None = None) -> None:
        """Use ``memory`` as the storage. Without it, the values last as long as the object."""
        # Epoch, position and divergence flag, 8 bytes each. The position falls only in ``complete_at``.
        self._words = memoryview(bytearray(_BYTES) if memory is None else memory).cast("Q")

    @classmethod
    def in_file(cls, file: Path) -> GuardFile:
        """Return a guard file that survives the process. A missing file is created. Raises StorageFailed."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(file, os.O_CREAT | os.O_RDWR, 0o600), "r+b") as opened:
                if os.fstat(opened.fileno()).st_size < _BYTES:
                    opened.write(bytes(_BYTES))  # written, not a hole: a store into a hole on a full disk is a SIGBUS
                    opened.flush()
                return cls(mmap.mmap(opened.fileno(), _BYTES))
        except OSError as error:
            raise StorageFailed(f"{file.name} cannot be written: {error.strerror or error}") from error

    @property
    def highest(self) -> LogId:
        """The highest epoch and the highest position so far."""
        return LogId(self._words[_EPOCH], self._words[_POSITION])

    def epoch_above(self, known: int) -> int:
        """Return the highest epoch so far, at least ``known``, which is the journal's epoch.

        A stored epoch more than ``FARTHEST_LEAP`` above ``known`` is damage and is ignored: no replica would follow it.
        """
        highest = self._words[_EPOCH]
        return highest if known < highest <= known + FARTHEST_LEAP else known

    def allows_alone(self, last: LogId) -> bool:
        """Return whether a journal that ends at ``last`` has every entry that it ever had."""
        return last.position >= self._words[_POSITION] and not self._words[_DIVERGED]

    def raise_to(self, log_id: LogId) -> None:
        """Record that the journal now ends at ``log_id``."""
        self._words[_EPOCH] = self.epoch_above(log_id.epoch)
        self._words[_POSITION] = max(log_id.position, self._words[_POSITION])

    def diverged(self) -> None:
        """Record that the replica has entries that the journal lacks."""
        self._words[_DIVERGED] = 1

    def complete_at(self, last: LogId) -> None:
        """Record that the journal ends at ``last`` and is complete.

        It has all entries that it and the replica's copy had when they were compared.
        """
        self._words[_DIVERGED] = 0
        self._words[_POSITION] = last.position
