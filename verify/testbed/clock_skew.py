"""Wrong wall clocks for the servers of a sandbox, each another; the machine's own clock is not touched.

Done in Python itself (``wrong_clock/sitecustomize.py``), because libfaketime 0.9.10, which Debian has, breaks every
``time.sleep`` of Python 3.11 and newer when it leaves the monotonic clock right.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from wire.whole_file import replace_file


class SkewedClocks:
    """The clocks of all Python processes that are started with ``environment``."""

    def __init__(self, folder: Path) -> None:
        """``folder``: where the file that says how wrong they are is kept. They are right at first."""
        self._file = folder / "clocks"
        self.set([0.0])
        path = [str(Path(__file__).parent / "clock_skew_site"), os.environ.get("PYTHONPATH", "")]
        self.environment = {"PYTHONPATH": os.pathsep.join(filter(None, path)), "WRONG_CLOCK": str(self._file)}

    def set(self, offsets_s: Sequence[float]) -> None:
        """So many seconds wrong are the clocks from now on; which process has which follows from its pid."""
        replace_file(self._file, " ".join(f"{offset_s:.3f}" for offset_s in offsets_s))
