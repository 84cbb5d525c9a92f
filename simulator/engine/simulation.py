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
        self, seed: str, *, conditions: NetworkConditions | None = None, trace: EventTrace | None = None
    ) -> None:
        """``seed``: any text. The same seed gives the same history."""
        self.seed = seed
        # Virtual time in seconds. It never decreases.
        self.now = 0.0
        self.trace = EventTrace() if trace is None else trace
        self.network = Network(self.new_rng("network"), NetworkConditions() if conditions is None else conditions)
        self.disks: dict[str, Disk] = {}
        # By name: the latest incarnation, alive or not.
        self.incarnations: dict[str, Incarnation] = {}
        self.failures: list[str] = []
        """The exceptions that nodes raised. Each is a defect of a node."""
        self.on_undeliverable: Callable[[str, str, object], None] | None = None
        """Called for a message to a node that is not alive, with sender, receiver and message."""
        self._factories: dict[str, Callable[[], Node]] = {}
        # A heap by time. The sequence number orders equal times, so that a replay runs them in the same order.
        self._timers: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._starts = 0

    def new_rng(self, stream: str) -> random.Random:
        """Return a random generator for one purpose. A further draw from one stream does not change the others."""
        return random.Random(f"{self.seed}/{stream}")

    # -- time -----------------------------------------------------------------------------------------------------

    def after(self, delay_s: float, action: Action, incarnation: Incarnation | None = None) -> Timer:
        """Run ``action`` in ``delay_s`` seconds.

        With ``incarnation``, only if that incarnation is still alive. While it is paused, the action waits.
        """
        check(delay_s >= 0.0, f"a delay must not be negative: {delay_s} s")
        timer = Timer(action, incarnation)
        self._sequence += 1
        heapq.heappush(self._timers, (self.now + delay_s, self._sequence, timer))
        return timer

    def run(self, until_s: float, *, go_on: Callable[[], bool] = lambda: True) -> None:
        """Advance virtual time to ``until_s`` seconds, or until ``go_on()`` is false."""
        timers = self._timers
        while timers and timers[0][0] <= until_s:
            if not go_on():
                return
            self.now, _, timer = heapq.heappop(timers)
            self._run_action(timer.fire, timer.incarnation)
        self.now = max(self.now, until_s)

    def _run_action(self, action: Action, incarnation: Incarnation | None) -> None:
        if incarnation is None:
            action()
        elif incarnation.paused:
            incarnation.held.append(action)
        elif incarnation.alive:
            try:
                action()
            except Crash:
                self._stop(incarnation, "crashes")
            except Exception as error:
                self.failures.append(f"{incarnation.name} failed at {self.now:.6f} s: {error!r}")
                self._stop(incarnation, f"fails: {error!r}")

    # -- messages -------------------------------------------------------------------------------------------------

    def send(self, sender: str, receiver: str, message: object, *, to: Incarnation | None = None) -> None:
        """Send a message to the node that has the receiver's name on arrival. With ``to``, only to that incarnation."""
        hash(message)
        delays = self.network.delays(sender, receiver)
        self.trace.sent(self.now, sender, receiver, message, len(delays))
        for delay_s in delays:
            self.after(delay_s, lambda: self._deliver(sender, receiver, message, to))

    def _deliver(self, sender: str, receiver: str, message: object, to: Incarnation | None) -> None:
        incarnation = self.incarnations.get(receiver) if to is None else to
        if incarnation is not None and incarnation.node is not None and incarnation.alive:
            node = incarnation.node
            self._run_action(lambda: node.receive(message, sender), incarnation)
        elif self.on_undeliverable is not None:
            self.on_undeliverable(sender, receiver, message)

    # -- nodes ----------------------------------------------------------------------------------------------------

    def add(self, name: str, make: Callable[[], Node]) -> None:
        """Add a node and start it. ``make`` creates the node at each start."""
        self._factories[name] = make
        self.start(name)

    def disk(self, name: str) -> Disk:
        """Return the disk of a node. It survives the node's crashes."""
        if name not in self.disks:
            self.disks[name] = Disk(self.new_rng(f"disk/{name}"))
        return self.disks[name]

    def start(self, name: str) -> Incarnation:
        """Start a new incarnation of a node. Only its disk survives. The node must not be alive."""
        check(not self.is_alive(name), f"{name} is already alive")
        self._starts += 1
        incarnation = self.incarnations[name] = Incarnation(name, self._starts)
        node = self._factories[name]()
        incarnation.node = node
        node.attach(self, incarnation)
        self.trace.note(self.now, name, "starts")
        self._run_action(node.start, incarnation)
        return incarnation

    def is_alive(self, name: str) -> bool:
        """Return whether the node is alive. A paused node is alive."""
        incarnation = self.incarnations.get(name)
        return incarnation is not None and incarnation.alive

    def node(self, name: str) -> Node | None:
        """Return the node's present incarnation, or None if it is not alive."""
        incarnation = self.incarnations.get(name)
        return incarnation.node if incarnation is not None and incarnation.alive else None

    def crash(self, name: str) -> None:
        """End an incarnation at once. Its disk loses unsynced writes. No effect if the node is not alive."""
        if self.is_alive(name):
            self._stop(self.incarnations[name], "crashes")

    def pause(self, name: str) -> None:
        """Pause a node. The node does not notice; its timers and messages wait."""
        if self.is_alive(name) and not self.incarnations[name].paused:
            self.incarnations[name].paused = True
            self.trace.note(self.now, name, "pauses")

    def wake(self, name: str) -> None:
        """Resume a paused node. It handles at once all that has waited."""
        incarnation = self.incarnations.get(name)
        if incarnation is None or not incarnation.alive or not incarnation.paused:
            return
        self.trace.note(self.now, name, "wakes")
        incarnation.paused = False
        held, incarnation.held = incarnation.held, []
        for action in held:
            self._run_action(action, incarnation)

    def _stop(self, incarnation: Incarnation, how: str) -> None:
        if incarnation.alive:
            incarnation.alive = False
            incarnation.paused = False
            incarnation.held = []
            self.trace.note(self.now, incarnation.name, how)
            if incarnation.name in self.disks:
                self.disks[incarnation.name].lose_unsynced()
            if incarnation.node is not None:
                incarnation.node.on_death()
