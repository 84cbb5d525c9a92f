"""The three servers: ``main_server``, ``communication_server`` and ``replication_server`` start them.

The parts of each server are in ``main``, ``communication`` and ``replication``; the other packages have the shared
parts. A package imports only packages from lower lines of this list:

    control
    main, communication
    replication
    process
    supervision, commit
    rooms
    log
    runtime
    telemetry

``settings`` is read once and passed on. Start reading in ``main_server.py``, then in ``process``.
"""

from __future__ import annotations

import sys


def _import_structlog_without_rich() -> None:
    """Import structlog as if rich were not installed.

    It would import rich for coloured tracebacks, which our logs do not have. That is a fifth of the start time of a
    server.
    """
    if "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # None makes Python refuse the import
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules["rich"]


_import_structlog_without_rich()
