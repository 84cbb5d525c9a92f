"""The simulation: virtual time, nodes that start and crash, and one seed that decides everything.

This file has the heap of future actions and the states of nodes: start, crash, pause, wake. ``network`` has what
happens to messages, ``disk`` what survives a crash.

Nothing here sleeps, reads a clock, or uses random numbers that do not come from the seed. So one seed gives one history
(as in FoundationDB's simulation and TigerBeetle's VOPR).
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

from game.errors import check
from simulator.engine.disk import Disk
from simulator.engine.event_trace import EventTrace
from simulator.engine.network import Network, NetworkConditions
from simulator.engine.node import Action, Incarnation, Node, Timer


class Crash(BaseException):
    """Ends the incarnation that runs now. It is not an Exception, so that no node's ``except Exception`` stops it."""


class Simulation:
    """The state of one schedule."""

    def __init__(
        self, seed: str, *, weather: NetworkConditions | None = None, timeline: EventTrace | None = None
    ) -> None:
        """``seed``: any text. The same seed gives the same history."""
        self.seed = seed
        # Virtual time in seconds. It never decreases.
        self.now = 0.0
        self.timeline = EventTrace() if timeline is None else timeline
        self.network = Network(self.chance("network"), NetworkConditions() if weather is None else weather)
        self.disks: dict[str, Disk] = {}
        # By name: the latest incarnation, alive or not.
        self.lives: dict[str, Incarnation] = {}
        self.failures: list[str] = []
        """The exceptions that nodes raised. Each is a defect of a node."""
        self.on_nobody_there: Callable[[str, str, object], None] | None = None
        """Called for a message to a node that is not alive, with sender, receiver and message."""
        self._makers: dict[str, Callable[[], Node]] = {}
        # A heap by time. The sequence number orders equal times, so that a replay runs them in the same order.
        self._coming: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._births = 0

    def chance(self, stream: str) -> random.Random:
        """Return a random generator for one purpose. A further draw from one stream does not change the others."""
        return random.Random(f"{self.seed}/{stream}")

    # -- time -----------------------------------------------------------------------------------------------------

    def after(self, delay_s: float, action: Action, life: Incarnation | None = None) -> Timer:
        """Run ``action`` in ``delay_s`` seconds.

        With ``life``, only if that incarnation is still alive. While it is paused, the action waits.
        """
        check(delay_s >= 0.0, "nothing happens in the past")
        timer = Timer(action, life)
        self._sequence += 1
        heapq.heappush(self._coming, (self.now + delay_s, self._sequence, timer))
        return timer

    def run(self, until_s: float, *, go_on: Callable[[], bool] = lambda: True) -> None:
        """Advance virtual time to ``until_s`` seconds, or until ``go_on()`` is false."""
        coming = self._coming
        while coming and coming[0][0] <= until_s:
            if not go_on():
                return
            self.now, _, timer = heapq.heappop(coming)
            self._do(timer.fire, timer.life)
        self.now = max(self.now, until_s)

    def _do(self, action: Action, life: Incarnation | None) -> None:
        if life is None:
            action()
        elif life.paused:
            life.held.append(action)
        elif life.alive:
            try:
                action()
            except Crash:
                self._bury(life, "crashes")
            except Exception as error:
                self.failures.append(f"{life.name} failed at {self.now:.6f} s: {error!r}")
                self._bury(life, f"fails: {error!r}")

    # -- messages -------------------------------------------------------------------------------------------------

    def send(self, sender: str, receiver: str, message: object, *, to: Incarnation | None = None) -> None:
        """Send a message to the node that has the receiver's name on arrival. With ``to``, only to that incarnation."""
        hash(message)
        delays = self.network.delays(sender, receiver)
        self.timeline.sent(self.now, sender, receiver, message, len(delays))
        for delay_s in delays:
            self.after(delay_s, lambda: self._deliver(sender, receiver, message, to))

    def _deliver(self, sender: str, receiver: str, message: object, to: Incarnation | None) -> None:
        life = self.lives.get(receiver) if to is None else to
        if life is not None and life.node is not None and life.alive:
            node = life.node
            self._do(lambda: node.receive(message, sender), life)
        elif self.on_nobody_there is not None:
            self.on_nobody_there(sender, receiver, message)

    # -- nodes ----------------------------------------------------------------------------------------------------

    def add(self, name: str, make: Callable[[], Node]) -> None:
        """Add a node and start it. ``make`` creates the node at each start."""
        self._makers[name] = make
        self.start(name)

    def disk(self, name: str) -> Disk:
        """Return the disk of a node. It survives the node's crashes."""
        if name not in self.disks:
            self.disks[name] = Disk(self.chance(f"disk/{name}"))
        return self.disks[name]

    def start(self, name: str) -> Incarnation:
        """Start a new incarnation of a node. Only its disk survives. The node must not be alive."""
        check(not self.lives_now(name), f"{name} lives already")
        self._births += 1
        life = self.lives[name] = Incarnation(name, self._births)
        node = self._makers[name]()
        life.node = node
        node.be_born(self, life)
        self.timeline.note(self.now, name, "starts")
        self._do(node.start, life)
        return life

    def lives_now(self, name: str) -> bool:
        """Return whether the node is alive. A paused node is alive."""
        life = self.lives.get(name)
        return life is not None and life.alive

    def node(self, name: str) -> Node | None:
        """Return the node's present incarnation, or None if it is not alive."""
        life = self.lives.get(name)
        return life.node if life is not None and life.alive else None

    def crash(self, name: str) -> None:
        """End an incarnation at once. Its disk loses unsynced writes. No effect if the node is not alive."""
        if self.lives_now(name):
            self._bury(self.lives[name], "crashes")

    def pause(self, name: str) -> None:
        """Pause a node. The node does not notice; its timers and messages wait."""
        if self.lives_now(name) and not self.lives[name].paused:
            self.lives[name].paused = True
            self.timeline.note(self.now, name, "pauses")

    def wake(self, name: str) -> None:
        """Resume a paused node. It handles at once all that has waited."""
        life = self.lives.get(name)
        if life is None or not life.alive or not life.paused:
            return
        self.timeline.note(self.now, name, "wakes")
        life.paused = False
        held, life.held = life.held, []
        for action in held:
            self._do(action, life)

    def _bury(self, life: Incarnation, how: str) -> None:
        if life.alive:
            life.alive = False
            life.paused = False
            life.held = []
            self.timeline.note(self.now, life.name, how)
            if life.name in self.disks:
                self.disks[life.name].lose_unsynced()
            if life.node is not None:
                life.node.on_death()
