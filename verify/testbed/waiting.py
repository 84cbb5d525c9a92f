"""Waiting until something is true."""

from __future__ import annotations

import time
from collections.abc import Callable

from wire.errors import DeadlineExceeded

LOOK_AGAIN_S = 0.02


def becomes_true(condition: Callable[[], bool], limit_s: float, *, look_again_s: float = LOOK_AGAIN_S) -> bool:
    """Wait until the condition is true. Return False if that takes longer than ``limit_s`` seconds."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(look_again_s)
    return True


def wait_until(condition: Callable[[], bool], limit_s: float, what: str, *, look_again_s: float = LOOK_AGAIN_S) -> None:
    """Wait until the condition is true. Raises DeadlineExceeded after ``limit_s`` seconds, with ``what`` is missing."""
    if not becomes_true(condition, limit_s, look_again_s=look_again_s):
        raise DeadlineExceeded(f"waited {limit_s:g} s in vain for {what}")
