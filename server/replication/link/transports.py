"""What both ends of the link need of ``asyncio``."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

PIECE_BYTES = 1 << 16
"""The most bytes in one read. ``asyncio`` reads 256 KiB by default, and that memory is mapped anew for each read."""


def stream(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """Return the transport of a new connection, with small reads. ``uvloop`` has them in any case."""
    if hasattr(transport, "max_size"):
        transport.max_size = PIECE_BYTES
    return cast(asyncio.Transport, transport)


def begin(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Begin work on the loop. The caller keeps the task until it is done. An exception of it reaches the loop."""
    task = loop.create_task(work)
    task.add_done_callback(_raise_failure)
    return task


def _raise_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.result()
