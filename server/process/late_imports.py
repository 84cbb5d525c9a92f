"""Imports the libraries that a server needs only later.

Such an import takes 10 to 60 ms of a processor, and a server in a takeover has none to spare. But an import at the
first use fails in a process that is older than the files on disk, as during an upgrade. So the libraries are imported
once there is time: when a server has served for a moment, before a stand-by waits, and before the template process
forks.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading

import structlog

from server.runtime.timers import Timers

MODULES = ("openskill.models", "optparse", "precis_i18n", "prometheus_client", "uvloop")
AFTER_S = 5.0
"""Seconds after a start, and after a takeover, for which players have priority."""

logger = structlog.get_logger()


def import_all() -> None:
    """Import the modules that are installed."""
    for module in MODULES:
        if importlib.util.find_spec(module.partition(".")[0]) is not None:
            importlib.import_module(module)


def begin(timers: Timers) -> None:
    """Import the modules ``AFTER_S`` from now, in a thread of their own, in which an error ends nothing else."""

    def run() -> None:
        import_all()
        logger.debug("late imports are done")

    timers.call_later(AFTER_S, threading.Thread(target=run, name="late imports", daemon=True).start)
