"""Failpoints for tests: places where a test can kill this process, and rules that a test can break.

Everything is off unless TEST_FAULTS names a folder. A file there with the name of a point kills the process with
SIGKILL the next time it reaches that point, once. A file with the name of a rule breaks that rule while the file
exists. So tests can show what happens when a server dies in the middle of a move. They can also show that a broken rule
is noticed.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path


class Failpoints:
    """The failpoints of this process."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else None

    def point(self, name: str) -> None:
        """Kill this process if a test has set this point; that clears the point."""
        if self._folder is None:
            return
        try:
            (self._folder / name).unlink()
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    def on(self, rule: str) -> bool:
        """Whether a test has broken this rule."""
        return self._folder is not None and (self._folder / rule).exists()
