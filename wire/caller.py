"""From which host the call comes that this thread carries out. Nothing here does I/O.

Who is limited by host asks here, at the start of a remote method: an answer that comes later is made by another thread.
"""

from __future__ import annotations

import threading

_of_this_thread = threading.local()


def calling_host() -> str:
    """The host of the connection on which the call came; empty outside of a call."""
    host: str = getattr(_of_this_thread, "host", "")
    return host


def call_comes_from(host: str) -> None:
    """From now on this thread carries out a call that comes from there."""
    _of_this_thread.host = host
