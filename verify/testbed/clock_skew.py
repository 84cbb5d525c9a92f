"""Wrong wall clocks for the servers of a sandbox, a different one for each. The machine's clock is not changed.

It is done in Python (``faulty_python/sitecustomize.py``). libfaketime 0.9.10, the version in Debian, cannot be used.
It breaks every ``time.sleep`` of Python 3.11 and newer when it leaves the monotonic clock right.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from wire.atomic_files import replace_file

PATH = {
    "PYTHONPATH": os.pathsep.join(
        filter(None, [str(Path(__file__).parent / "faulty_python"), os.environ.get("PYTHONPATH", "")])
    )
}
"""The environment in which Python imports ``faulty_python`` at its start."""


class SkewedClocks:
    """The wall clocks of all Python processes that are started with ``environment``."""

    def __init__(self, folder: Path) -> None:
        """``folder``: where the file with the offsets is stored. At first all clocks are right."""
        self._file = folder / "clocks"
        self.set([0.0])
        self.environment = {**PATH, "WRONG_CLOCK": str(self._file)}

    def set(self, offsets_s: Sequence[float]) -> None:
        """Set the offsets of the clocks, in seconds. A process selects its offset by its pid."""
        replace_file(self._file, " ".join(f"{offset_s:.3f}" for offset_s in offsets_s))
