"""Saying that one is about to wait, for those whose threads are few; see ``rpc.workers``. Nothing here waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

_of_this_thread = threading.local()


def about_to_wait() -> None:
    """Whoever calls is going to wait for something outside: another thread may do meanwhile what this one would.

    To be called where a remote method can wait for longer than some microseconds; else it costs next to nothing.
    """
    step_aside: Callable[[], None] | None = getattr(_of_this_thread, "step_aside", None)
    if step_aside is not None:
        step_aside()


def call_when_waiting(step_aside: Callable[[], None]) -> None:
    """From now on ``about_to_wait`` calls that, in this thread."""
    _of_this_thread.step_aside = step_aside
