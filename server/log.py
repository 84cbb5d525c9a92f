"""Logs: structlog as everybody knows it, key=value for people or JSON for machines, one line an event, to stderr.

No token, key or hash is ever handed to a logger: what is logged is named field by field where it happens.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from typing import TextIO, cast

import structlog

from server.settings import Settings


class _Stderr(io.TextIOBase):
    """Standard error, except that a log that cannot be written (a full disk) does not end the server."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def set_up(settings: Settings, role: str) -> None:
    """Configure logging of this process; every line names its role."""

    def with_role(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["role"] = role
        return event

    level = logging.getLevelName(settings.log_level.upper())
    shared: list[structlog.typing.Processor] = [
        with_role,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
    ]
    rendering: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if settings.log_format == "json"
        else [
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "role", "event"], drop_missing=True),
        ]
    )
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
    logging.getLogger("Pyro4").setLevel(logging.CRITICAL)  # what matters reaches us as exceptions
