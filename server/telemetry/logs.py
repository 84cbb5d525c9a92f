"""Logs with structlog: one line for each event on stderr, as key=value for people or as JSON for machines.

No token, key or hash is ever passed to a logger: each field is named where the event is logged. The user's home folder
appears as "~" in every line. With LOG_FORMAT=json every line is one JSON object, including warnings and uncaught
exceptions. ``docs/operations.md`` has the fields.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TextIO, cast

import structlog

LEVELS = ("debug", "info", "warning", "error")
"""The values of LOG_LEVEL. Lines of a lower level are not written."""
FORMATS = ("text", "json")
"""The values of LOG_FORMAT."""

logger = structlog.get_logger()


_this_thread = threading.local()


class _Stderr(io.TextIOBase):
    """Standard error, but a log that cannot be written (a full disk) does not end the server."""

    def write(self, text: str) -> int:
        lines: list[str] | None = getattr(_this_thread, "lines", None)
        if lines is not None:
            lines.append(text)
            return len(text)
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def flush() -> None:
    """Write buffered text, if possible. On a full disk a server ends without its last lines."""
    _Stderr().flush()


@contextlib.contextmanager
def collected() -> Iterator[None]:
    """Collect this thread's lines and write them at the end: every write lets other threads run first."""
    lines: list[str] = []
    _this_thread.lines = lines
    try:
        yield
    finally:
        _this_thread.lines = None
        if lines:
            _Stderr().write("".join(lines))


def set_up(role: str, log_level: str, log_format: str) -> None:
    """Configure the logging of this process. Every line has its role."""
    as_json = log_format == "json"
    level = logging.getLevelName(log_level.upper())
    shared: list[structlog.typing.Processor] = [
        partial(_with_role, role),
        structlog.processors.add_log_level,
        partial(_with_timestamp, timezone.utc if as_json else None),
    ]
    rendering: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        partial(_without, str(Path.home())),
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.processors.KeyValueRenderer(
            key_order=["timestamp", "level", "role", "event"], drop_missing=True
        ),
    ]
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),
    )
    foreign = logging.StreamHandler(sys.stderr)
    drop_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    foreign.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[drop_meta, *rendering])
    )
    logging.basicConfig(level=logging.WARNING, handlers=[foreign], force=True)
    logging.getLogger("Pyro4").setLevel(logging.CRITICAL)  # relevant errors arrive as exceptions
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda failed: _log_uncaught(failed.exc_type, failed.exc_value, failed.exc_traceback)


def _with_role(
    role: str, _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    event["role"] = role
    return event


def _with_timestamp(
    zone: timezone | None, _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Add the timestamp: now, unless the line has a ``timestamp`` (seconds since 1970).

    Without a zone it is local time.
    """
    at = event.get("timestamp")
    moment = datetime.now(zone) if at is None else datetime.fromtimestamp(at, zone)
    event["timestamp"] = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return event


def _without(home: str, _logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace the user's home folder by "~": tracebacks and system errors contain it."""
    for name, value in event.items():
        if len(home) > 1 and isinstance(value, str) and home in value:
            event[name] = value.replace(home, "~")
    return event


def _log_uncaught(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    """Log an uncaught exception as one line; Python itself would print many."""
    if error is not None and not issubclass(kind, (KeyboardInterrupt, SystemExit)):
        logger.error("uncaught exception", exc_info=(kind, error, traceback))
