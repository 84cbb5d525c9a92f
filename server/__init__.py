"""The three servers and what they share.

Pure decisions (no clock, I/O, threads): ``primary``, ``replica``, ``takeover`` (replication), ``supervision`` (who is
started and ended), ``streams``, ``lobby``. Shells around them: everything else. The scripts ``main_server``,
``communication_server`` and ``replication_server`` only put the pieces together.
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
