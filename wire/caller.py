"""The client's host of the call that this thread executes. Nothing here does I/O.

Code with limits per host must read it at the start of a remote method, because another thread may make a deferred
answer.
"""

from __future__ import annotations

import threading

_of_this_thread = threading.local()


def calling_host() -> str:
    """Return the host of the connection of the present call; empty outside a call."""
    host: str = getattr(_of_this_thread, "host", "")
    return host


def set_calling_host(host: str) -> None:
    """Set the host of the call that this thread executes from now on."""
    _of_this_thread.host = host
