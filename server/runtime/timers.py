"""What code on an event loop needs of it: actions that run soon or later. No loop and no clock here.

In a server this is its event loop (``event_loop``), in the simulation a node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Action = Callable[[], None]


class Timer(Protocol):
    """An action in the future."""

    def cancel(self) -> object:
        """Prevent the action from running."""


class Timers(Protocol):
    """Runs actions later, in the same thread."""

    def soon(self, action: Action) -> object:
        """Run an action when the present one has ended."""

    def call_later(self, delay_s: float, action: Action) -> Timer:
        """Run an action in ``delay_s`` seconds or later, never earlier."""
