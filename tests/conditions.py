"""Waiting for what must become true, never for time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE_S = 240.0
"""For whatever must happen: longer than it takes on the busiest machine. Only a test that fails waits so long."""
A_RUN_S = 800.0
"""The same for a command that runs a whole demo, benchmark or attack; less than pytest gives to a test."""
LOOK_AGAIN_S = 0.01
LONGEST_PAUSE_S = 0.2
"""Between two looks: each costs the servers time that they need for what is waited for."""


def wait_until(condition: Callable[[], Found], *, timeout_s: float = PATIENCE_S, what: str = "") -> Found:
    """Wait until the condition holds and return what it gave; fails when that takes longer than ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    pause_s = LOOK_AGAIN_S
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what or condition}")
        time.sleep(pause_s)
        pause_s = min(1.5 * pause_s, LONGEST_PAUSE_S)
