"""Files that people choose: both contents and names can be anything."""

from __future__ import annotations

import stat
from pathlib import Path

from game.errors import InvalidArgument


def read_text(file: Path, *, most_bytes: int) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark.

    Raises InvalidArgument with the reason if the file cannot be read: it is missing, forbidden, too large, or not text.
    Only regular files are opened, because a read from a pipe or a device might never end.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise InvalidArgument("it is no file")
        with file.open("rb") as opened:
            data = opened.read(most_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: the name has a NUL character
        raise InvalidArgument(f"it cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > most_bytes:
        raise InvalidArgument(f"it is larger than {most_bytes} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidArgument("it is no text in UTF-8") from None


def shown(name: Path | str) -> str:
    """Return a file's name for display. Characters that are not valid text become question marks."""
    return str(name).encode("utf-8", "replace").decode()
