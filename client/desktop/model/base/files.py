"""Files that people choose: what is in them may be anything, and so may their names."""

from __future__ import annotations

import stat
from pathlib import Path

from game.errors import InvalidArgument


def read_text(file: Path, *, most_bytes: int) -> str:
    """The text in a file, in UTF-8, with or without a byte order mark.

    Raises InvalidArgument with the reason for what cannot be read: no file, no permission, too large, no text. Only
    regular files are opened: reading a pipe or a device could last for ever.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise InvalidArgument("it is no file")
        with file.open("rb") as opened:
            data = opened.read(most_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a nul in it
        raise InvalidArgument(f"it cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > most_bytes:
        raise InvalidArgument(f"it is larger than {most_bytes} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidArgument("it is no text in UTF-8") from None


def shown(name: Path | str) -> str:
    """The name of a file as it can be shown: what is no text in it becomes a question mark."""
    return str(name).encode("utf-8", "replace").decode()
