"""The base class for algorithms: a node that handles typed messages and timers.

A message is a frozen dataclass. The method ``on_<Class>(message, sender)`` handles it; a message without a handler is a
defect of the node.

Nodes share only messages, and messages are immutable. Each message is hashed when it is sent, which raises TypeError
for a mutable one.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from game.errors import check
from simulator.engine.disk import Disk

Action = Callable[[], None]


class Timer:
    """A future action that can be cancelled. It runs at most once."""

    __slots__ = ("_action", "incarnation")

    def __init__(self, action: Action, incarnation: Incarnation | None) -> None:
        # None once the action has run or was cancelled.
        self._action: Action | None = action
        self.incarnation = incarnation

    def fire(self) -> None:
        """Run the action, unless it was cancelled or has run."""
        action, self._action = self._action, None
        if action is not None:
            action()

    def cancel(self) -> None:
        """Prevent the action from running."""
        self._action = None


class Incarnation:
    """A run of a node, from a start to a crash. Timers and messages belong to an incarnation. The disk outlives it."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.number = number
        # Once False, it never becomes True again.
        self.alive = True
        self.paused = False
        # Actions that wait for the end of a pause, in order. Empty unless ``paused``.
        self.held: list[Action] = []
        self.node: Node | None = None

    def __str__(self) -> str:
        return f"{self.name}#{self.number}"


class Environment(Protocol):
    """The services of the simulation that a node uses."""

    @property
    def now(self) -> float: ...
    def disk(self, name: str) -> Disk: ...
    def new_rng(self, stream: str) -> random.Random: ...
    def after(self, delay_s: float, action: Action, incarnation: Incarnation | None = None) -> Timer: ...
    def send(self, sender: str, receiver: str, message: object) -> None: ...


class Node:
    """An incarnation of a node. Its fields are its memory and end with it; ``disk`` survives.

    Subclasses override ``start`` and define ``on_<Message>`` methods.
    """

    simulation: Environment
    incarnation: Incarnation

    def attach(self, simulation: Environment, incarnation: Incarnation) -> None:
        """Set the simulation and the incarnation. The simulation calls this before ``start``."""
        self.simulation = simulation
        self.incarnation = incarnation

    def start(self) -> None:
        """Start the incarnation: read the disk, set timers."""

    def on_death(self) -> None:
        """Clean up the simulation's own records after the crash. The node can no longer act."""

    @property
    def name(self) -> str:
        """Return the name to which other nodes send messages."""
        return self.incarnation.name

    @property
    def now(self) -> float:
        """Return the virtual time in seconds since the simulation began."""
        return self.simulation.now

    @property
    def disk(self) -> Disk:
        """Return the disk, which survives the node's crashes."""
        return self.simulation.disk(self.name)

    def new_rng(self) -> random.Random:
        """Return a new random generator for this incarnation. Each call returns the same sequence."""
        return self.simulation.new_rng(str(self.incarnation))

    def set_timer(self, delay_s: float, action: Callable[[], None]) -> Timer:
        """Run ``action`` in ``delay_s`` seconds, unless the incarnation ends first or the timer is cancelled."""
        return self.simulation.after(delay_s, action, self.incarnation)

    def send(self, receiver: str, message: object) -> None:
        """Send a message. It may be late, lost or duplicated, and another may overtake it."""
        self.simulation.send(self.name, receiver, message)

    def receive(self, message: object, sender: str) -> None:
        """Pass a message to its handler."""
        handle = getattr(self, f"on_{type(message).__name__}", None)
        check(handle is not None, f"{type(self).__name__} does not handle {type(message).__name__}")
        handle(message, sender)  # type: ignore[misc]  # checked above; mypy cannot see through check
