"""Writing small files whole: a reader sees the old text or the new one, and a failed write leaves nothing behind.

For everything that is replaced as a whole: run files, keys, tokens, preferences. A process that is killed in the middle
of a write leaves one file that ends in ``.new``; ``remove_leftovers`` removes those of processes that are gone.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

NEW = ".new"


def replace_file(file: Path, text: str, *, mode: int = 0o666, synced: bool = False) -> None:
    """Put a file with this text in the place of ``file``.

    ``mode``: its permissions, before the umask. ``synced``: the text is on the disk before it takes the place. Raises
    OSError, and then ``file`` is as it was.
    """
    with _written_beside(file, text, mode=mode, synced=synced) as new:
        new.replace(file)


def create_file(file: Path, text: str, *, mode: int = 0o666) -> bool:
    """Make a file with this text unless it exists; returns whether it was made. Raises OSError."""
    with _written_beside(file, text, mode=mode, synced=False) as new:
        try:
            os.link(new, file)
        except FileExistsError:
            return False
        return True


def remove_leftovers(folder: Path, *, named: str = "", runs: Callable[[int], bool] = lambda _: False) -> None:
    """Remove what killed processes left in a folder, of files whose names begin with ``named``.

    ``runs`` tells whether a pid is in use: what a living process writes is left alone. Raises OSError.
    """
    for new in folder.glob(f"{named}*{NEW}"):
        pid = new.name.removesuffix(NEW).rpartition(".")[2]
        if pid.isdecimal() and int(pid) != os.getpid() and not runs(int(pid)):
            new.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Have what was written to a file, or the names in a folder, on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _written_beside(file: Path, text: str, *, mode: int, synced: bool) -> Iterator[Path]:
    """A file with this text in the same folder; nothing of it is left at the end."""
    new = file.with_name(f"{file.name}.{threading.get_native_id()}.{os.getpid()}{NEW}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as output:
            output.write(text)
            if synced:
                output.flush()
                os.fsync(output.fileno())
        yield new
    finally:
        new.unlink(missing_ok=True)
