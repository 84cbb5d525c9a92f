"""Real parts of a main server that also report to the simulation. Their behaviour is unchanged."""

from __future__ import annotations

from collections.abc import Callable

from game.context import CHANCE_BITS, Context
from server.log.entries import Epoch, LogEnd
from server.log.journal.journal import Journal
from server.replication.primary import Output, Primary
from server.rooms.service_clock import ServiceClock
from simulator.cluster.servers.rpc import Process
from simulator.cluster.service_clock_checker import ServiceClockChecker


class InstrumentedPrimary(Primary):
    """The real ``Primary``. It also reports when a replica joins."""

    def __init__(self, epoch: Epoch, journal: Journal, on_joined: Callable[[], None]) -> None:
        super().__init__(epoch, journal.last, journal.terms, forgotten_at=journal.forgotten_at)
        self._on_joined = on_joined

    def attached(self, replica_end: LogEnd) -> Output | None:
        output = super().attached(replica_end)
        self._on_joined()
        return output


class InstrumentedClock(ServiceClock):
    """The real service time, on the simulation's clock and random numbers.

    It reports each moment to ``ServiceClockChecker``.
    """

    def __init__(self, process: Process, clock_checker: ServiceClockChecker) -> None:
        self._clock_checker = clock_checker
        self._process = process
        rng = process.simulation.new_rng(f"{process.incarnation}/moments")
        super().__init__(lambda: process.now * self._clock_checker.speed, lambda: rng.getrandbits(CHANCE_BITS))

    def context(self, *, draining: bool = False) -> Context:
        at = self.now()
        self._clock_checker.check_decision(str(self._process.incarnation), self._process.now, at)
        return Context(at, self._chance(), draining=draining)

    def tick(self) -> int:
        at = super().tick()
        self._clock_checker.record_tick(str(self._process.incarnation), self._process.now)
        return at
