"""The simulated world: virtual time, nodes that live and die, and one seed from which everything follows.

Lives here: the heap of what is going to happen, and the life of nodes: crash, restart, pause, wake. What a message
meets on its way is ``network``, what a node keeps over a crash is ``disk``. Nothing here sleeps, reads a clock or draws
a number that does not come from the seed, so one seed makes one history (as in FoundationDB's simulation and
TigerBeetle's VOPR).
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
    """The node that runs now is dead: what it was doing ends here. Not an Exception, so that no node can outlive it."""


class Simulation:
    """Everything there is in one schedule."""

    def __init__(
        self, seed: str, *, weather: NetworkConditions | None = None, timeline: EventTrace | None = None
    ) -> None:
        """``seed``: any text; the same seed makes the same history."""
        self.seed = seed
        self.now = 0.0
        self.timeline = EventTrace() if timeline is None else timeline
        self.network = Network(self.chance("network"), NetworkConditions() if weather is None else weather)
        self.disks: dict[str, Disk] = {}
        self.lives: dict[str, Incarnation] = {}
        self.failures: list[str] = []
        """What nodes raised: each is a fault of theirs."""
        self.on_nobody_there: Callable[[str, str, object], None] | None = None
        """Told of messages that arrive where nobody lives: sender, receiver, message."""
        self._makers: dict[str, Callable[[], Node]] = {}
        self._coming: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._births = 0

    def chance(self, stream: str) -> random.Random:
        """A source of chance of its own for each purpose, so that one more draw here changes nothing there."""
        return random.Random(f"{self.seed}/{stream}")

    # -- time -----------------------------------------------------------------------------------------------------

    def after(self, delay_s: float, action: Action, life: Incarnation | None = None) -> Timer:
        """Do this in ``delay_s`` seconds; with ``life`` only if that still lives, and not while it is paused."""
        check(delay_s >= 0.0, "nothing happens in the past")
        timer = Timer(action, life)
        self._sequence += 1
        heapq.heappush(self._coming, (self.now + delay_s, self._sequence, timer))
        return timer

    def run(self, until_s: float, *, go_on: Callable[[], bool] = lambda: True) -> None:
        """Let time pass up to ``until_s``, or until ``go_on()`` is false."""
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
        """Send a message to whoever has the receiver's name when it arrives; with ``to`` to that life alone."""
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
        """Add a node, made by ``make`` at each of its starts, and start it."""
        self._makers[name] = make
        self.start(name)

    def disk(self, name: str) -> Disk:
        """The disk of that name, which outlives the node."""
        if name not in self.disks:
            self.disks[name] = Disk(self.chance(f"disk/{name}"))
        return self.disks[name]

    def start(self, name: str) -> Incarnation:
        """Begin a node's next life, which knows what its disk kept. It must not be alive."""
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
        """Whether the node is alive; a paused one is."""
        life = self.lives.get(name)
        return life is not None and life.alive

    def node(self, name: str) -> Node | None:
        """The node in its present life, or None while it is dead."""
        life = self.lives.get(name)
        return life.node if life is not None and life.alive else None

    def crash(self, name: str) -> None:
        """End a node's life at once; its disk loses what was not synced. No effect on a dead one."""
        if self.lives_now(name):
            self._bury(self.lives[name], "crashes")

    def pause(self, name: str) -> None:
        """The node stands still and knows nothing of it; what comes for it waits."""
        if self.lives_now(name) and not self.lives[name].paused:
            self.lives[name].paused = True
            self.timeline.note(self.now, name, "pauses")

    def wake(self, name: str) -> None:
        """A paused node goes on, and does all at once what came for it meanwhile."""
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
