"""A full disk: a small file system in memory, mounted for a test, or a process that can write to no file.

Only root can mount a file system.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SIZE = "16m"
_PIECES = (1 << 20, 4096, 1)
_FILLER = "filler"


class SmallDisk:
    """A mounted file system of ``SIZE``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leave no room for a single byte more."""
        with (self.folder / _FILLER).open("wb", buffering=0) as filler:
            for piece in _PIECES:
                with contextlib.suppress(OSError):
                    while filler.write(b" " * piece):
                        pass

    def free(self) -> None:
        """Give the room back."""
        (self.folder / _FILLER).unlink()


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """A small disk at that folder; skips the test where none can be mounted."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root mounts a file system")
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # an open log must not hold the test up


@contextlib.contextmanager
def full_disk(largest_bytes: int = 0) -> Iterator[None]:
    """Meanwhile this process can write to no file, or only to the first bytes of each."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
