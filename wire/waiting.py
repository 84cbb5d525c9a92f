"""Notice before a wait, so that a small thread pool can use another thread; see ``rpc.workers``. Nothing here waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

_of_this_thread = threading.local()


def about_to_wait() -> None:
    """Announce that this thread is going to wait. Another thread can then do the work that this thread would do.

    Call it where a remote method can wait for more than some microseconds. In other threads it costs almost nothing.
    """
    step_aside: Callable[[], None] | None = getattr(_of_this_thread, "step_aside", None)
    if step_aside is not None:
        step_aside()


def call_when_waiting(step_aside: Callable[[], None]) -> None:
    """Make ``about_to_wait`` call this function in the present thread from now on."""
    _of_this_thread.step_aside = step_aside
