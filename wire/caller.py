"""The client's host of the call that is carried out at present. Nothing here does I/O.

All calls are carried out in the thread of one event loop, each up to its first wait. Code with limits per host must
read the host at the start of a remote method, because other calls are carried out before a deferred answer.
"""

from __future__ import annotations


class _Present:
    """The present call."""

    host = ""


def calling_host() -> str:
    """Return the host of the connection of the present call; empty before the first call."""
    return _Present.host


def set_calling_host(host: str) -> None:
    """Set the host of the call that is carried out from now on."""
    _Present.host = host
