"""What people write their algorithms as: a node that handles typed messages and timers.

A message is a frozen dataclass; a node handles it in a method named after it, ``on_<Class>(message, sender)``. A
message without such a method is a fault of the node. Nodes share nothing but messages, and these cannot be changed:
each is hashed when it is sent, which fails for what is mutable.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from game.errors import check
from simulator.engine.disk import Disk

Action = Callable[[], None]


class Timer:
    """Something that is going to happen, unless it is cancelled."""

    __slots__ = ("_action", "life")

    def __init__(self, action: Action, life: Incarnation | None) -> None:
        self._action: Action | None = action
        self.life = life

    def fire(self) -> None:
        """It happens, unless it was cancelled or has happened."""
        action, self._action = self._action, None
        if action is not None:
            action()

    def cancel(self) -> None:
        """It does not happen."""
        self._action = None


class Incarnation:
    """One life of a node, from a start to a crash. Timers and messages belong to a life, the disk outlives it."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.number = number
        self.alive = True
        self.paused = False
        self.held: list[Action] = []
        self.node: Node | None = None

    def __str__(self) -> str:
        return f"{self.name}#{self.number}"


class Environment(Protocol):
    """What a node needs of the world it lives in."""

    @property
    def now(self) -> float: ...
    def disk(self, name: str) -> Disk: ...
    def chance(self, stream: str) -> random.Random: ...
    def after(self, delay_s: float, action: Action, life: Incarnation | None = None) -> Timer: ...
    def send(self, sender: str, receiver: str, message: object) -> None: ...


class Node:
    """One life of a node. Its fields are its memory and die with it; ``disk`` stays.

    Subclasses override ``start`` and write ``on_<Message>`` methods.
    """

    world: Environment
    life: Incarnation

    def be_born(self, world: Environment, life: Incarnation) -> None:
        """Called by the world before ``start``."""
        self.world = world
        self.life = life

    def start(self) -> None:
        """The node's life begins: read the disk, set timers."""

    def on_death(self) -> None:
        """The node's life is over; it cannot do anything any more. For bookkeeping of the simulation itself."""

    @property
    def name(self) -> str:
        """The node's name, by which others send to it."""
        return self.life.name

    @property
    def now(self) -> float:
        """Seconds since the world began."""
        return self.world.now

    @property
    def disk(self) -> Disk:
        """What outlives this node's crashes."""
        return self.world.disk(self.name)

    def chance(self) -> random.Random:
        """A source of chance of this life's own."""
        return self.world.chance(str(self.life))

    def set_timer(self, delay_s: float, action: Callable[[], None]) -> Timer:
        """Do this in ``delay_s`` seconds, unless this life is over by then or the timer was cancelled."""
        return self.world.after(delay_s, action, self.life)

    def send(self, receiver: str, message: object) -> None:
        """Send a message, which may be late, lost, doubled or overtaken by another."""
        self.world.send(self.name, receiver, message)

    def receive(self, message: object, sender: str) -> None:
        """Hand a message to the method that handles it."""
        handle = getattr(self, f"on_{type(message).__name__}", None)
        check(handle is not None, f"{type(self).__name__} does not handle {type(message).__name__}")
        handle(message, sender)  # type: ignore[misc]  # checked above; mypy cannot see through check
