"""Imports the libraries that a server needs only later.

Such an import takes 10 to 60 ms of a processor, and a server in a takeover has none to spare. But an import at the
first use fails in a process that is older than the files on disk, as during an upgrade. So the libraries are imported
once there is time: when a server has served for a moment, while a stand-by waits, or before the template process forks.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
import time
from collections.abc import Callable

import structlog

MODULES = ("openskill.models", "optparse", "precis_i18n", "prometheus_client", "uvloop")
AFTER_S = 5.0
"""Seconds after a start, and after a takeover, for which players have priority."""

logger = structlog.get_logger()


def import_all(wait: Callable[[], object] = lambda: None) -> None:
    """Import the modules that are installed. ``wait`` is called before each."""
    for module in MODULES:
        wait()
        if importlib.util.find_spec(module.partition(".")[0]) is not None:
            importlib.import_module(module)


class LateImports:
    """Imports the modules in a thread of its own."""

    def __init__(self) -> None:
        self.postpone()
        threading.Thread(target=self._run, name="late imports", daemon=True).start()

    def postpone(self) -> None:
        """Import nothing more for ``AFTER_S``: this process takes over."""
        self._not_before = time.monotonic() + AFTER_S

    def _run(self) -> None:
        import_all(self._wait)
        logger.debug("late imports are done")

    def _wait(self) -> None:
        while (left := self._not_before - time.monotonic()) > 0:
            time.sleep(left)
