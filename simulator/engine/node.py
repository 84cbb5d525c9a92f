"""What people write their algorithms as: a node that handles typed messages and timers.

A message is a frozen dataclass; a node handles it in a method named after it, ``on_<Class>(message, sender)``. A
message without such a method is a fault of the node. Nodes share nothing but messages, and these cannot be changed:
each is hashed when it is sent, which fails for what is mutable.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from game.errors import check
from simulator.engine.disk import Disk

if TYPE_CHECKING:
    from simulator.engine.simulation import Life, Timer, World


class Node:
    """One life of a node. Its fields are its memory and die with it; ``disk`` stays.

    Subclasses override ``start`` and write ``on_<Message>`` methods.
    """

    world: World
    life: Life

    def be_born(self, world: World, life: Life) -> None:
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
