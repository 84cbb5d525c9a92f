"""The three servers: ``main_server``, ``communication_server`` and ``replication_server`` start them.

What each does is in ``main``, ``communication`` and ``replication``; what they share in the other packages. Higher
ones import lower ones, and never the other way:

    control
    main, communication
    replication
    process
    supervision, commit
    rooms
    log
    runtime
    telemetry

``settings`` is read once and handed down. Start reading in ``main_server.py``, then ``process``.
"""

from __future__ import annotations

import sys


def _import_structlog_without_rich() -> None:
    """Import structlog as if rich were not installed: it would import rich for tracebacks in colour, which no log of
    ours has, and that is a fifth of the time that a server needs to start.
    """
    if "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # this is how Python says: not to be imported
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules["rich"]


_import_structlog_without_rich()
