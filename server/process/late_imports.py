"""Imports the libraries that a server needs only later.

Such an import takes 10 to 60 ms of a processor, and a server in a takeover has none to spare. But an import at the
first use fails in a process that is older than the files on disk, as during an upgrade. So the libraries are imported
once there is time: when a server has served for a moment, or while a stand-by waits.
"""

from __future__ import annotations

import importlib
import threading
import time

import structlog

AFTER_S = 5.0
"""Seconds after a start, and after a takeover, for which players have priority."""
METRICS = "prometheus_client"

logger = structlog.get_logger()


class LateImports:
    """Imports modules in a thread of its own, one after the other."""

    def __init__(self, *modules: str) -> None:
        self._modules = modules
        self._not_before = time.monotonic() + AFTER_S
        threading.Thread(target=self._run, name="late imports", daemon=True).start()

    def postpone(self) -> None:
        """Import nothing more for ``AFTER_S``: this process takes over."""
        self._not_before = time.monotonic() + AFTER_S

    def _run(self) -> None:
        for module in self._modules:
            while (left := self._not_before - time.monotonic()) > 0:
                time.sleep(left)
            importlib.import_module(module)
        logger.debug("late imports are done")
