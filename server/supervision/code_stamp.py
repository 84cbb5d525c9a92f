"""A stamp of the servers' code: two processes with the same stamp run the same code.

A template process of older code must not fork servers for a newer one. The stamp is made from names, sizes and dates of
the source files, because reading them all would take too long in a takeover.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from pathlib import Path

_PACKAGES = ("game", "wire", "server")


def on_disk(root: Path) -> str:
    """Return the stamp of the code that a process would import now. ``root``: the project's root."""
    found = hashlib.sha256(f"{sys.executable} {sys.version}".encode())
    walks = [walk for package in _PACKAGES for walk in os.walk(root / package)]
    for file in sorted(Path(folder, name) for folder, _, names in walks for name in names if name.endswith(".py")):
        with contextlib.suppress(FileNotFoundError):  # the files are just being replaced
            status = file.stat()
            line = f"{file.relative_to(root)} {status.st_size} {status.st_mtime_ns}\n"
            found.update(line.encode(errors="replace"))
    return found.hexdigest()[:32]
