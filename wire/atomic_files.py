"""Atomic writes of small files: a reader sees the old text or the new text, and a failed write leaves nothing behind.

Use it for files that are replaced as a whole: run files, keys, tokens, preferences. A process that is killed during a
write leaves a file that ends in ``.new``. ``remove_leftovers`` removes such files of dead processes.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

NEW = ".new"


def replace_file(file: Path, text: str, *, mode: int = 0o666, synced: bool = False) -> None:
    """Replace ``file`` by a file with this text.

    ``mode``: its permissions, before the umask. ``synced``: write the text to the disk before the replacement. Raises
    OSError; ``file`` is then unchanged.
    """
    with _written_beside(file, text, mode=mode, synced=synced) as new:
        new.replace(file)


def create_file(file: Path, text: str, *, mode: int = 0o666) -> bool:
    """Create a file with this text unless it exists. Return whether it was created. Raises OSError."""
    with _written_beside(file, text, mode=mode, synced=False) as new:
        try:
            os.link(new, file)
        except FileExistsError:
            return False
        return True


def remove_leftovers(folder: Path, *, named: str = "", runs: Callable[[int], bool] = lambda _: False) -> None:
    """Remove the unfinished files of killed processes from a folder, if their names begin with ``named``.

    ``runs`` returns whether a pid is in use: the files of running processes stay. Raises OSError.
    """
    for new in folder.glob(f"{named}*{NEW}"):
        pid = new.name.removesuffix(NEW).rpartition(".")[2]
        if pid.isdecimal() and int(pid) != os.getpid() and not runs(int(pid)):
            new.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Write a file's contents, or a folder's names, to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _written_beside(file: Path, text: str, *, mode: int, synced: bool) -> Iterator[Path]:
    """Create a file with this text in the same folder, and remove it at the end."""
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
