"""One schedule of the cluster: builds a simulation from a seed, runs clients and faults in it, and checks the
result.
"""

from __future__ import annotations

from collections import Counter

from simulator.cluster.account_clients import AccountClient, Ledger
from simulator.cluster.checker import Checker
from simulator.cluster.clients import PlayerClient, SimulatedRoom, SpectatorClient
from simulator.cluster.faults import FaultInjector
from simulator.cluster.match_players import Matches, SimulatedMatchPlayer
from simulator.cluster.published_log import PublishedLog
from simulator.cluster.schedule_options import draw_options
from simulator.cluster.servers.machine import SERVERS, Machine
from simulator.cluster.servers.main_server import MainProcess
from simulator.cluster.servers.other_servers import CommunicationProcess, ReplicationProcess
from simulator.cluster.servers.rpc import break_connection
from simulator.cluster.service_clock_checker import ServiceClockChecker
from simulator.engine.event_trace import EventTrace
from simulator.engine.fault_schedule import FaultSchedule
from simulator.engine.simulation import Simulation
from simulator.engine.verdict import Verdict
from wire import COMMUNICATION, MAIN, REPLICATION

FAULTS_S = 4.0
LONGER_BY_S = 3.0
"""Additional seconds of schedules with restored or damaged journals. Without them no room would be forgotten
in time."""
LONGEST_SINCE_BACKUP_S = 1.0
LONGEST_SINCE_DAMAGE_S = 0.5
SERVICE_SPEED = 10.0
"""How much faster service time passes than virtual time in schedules with matches. Clocks and pauses have realistic
lengths."""
PATIENCE_S = 40.0
SETTLE_CHECK_S = 0.1
RESTART_CHECK_S = 0.4
"""The interval, in seconds, of the check that restarts the servers when all are down."""


class Schedule:
    """A cluster, its clients and its faults, all made from one seed."""

    def __init__(self, seed: int, *, traced: bool = False) -> None:
        self.seed = seed
        simulation = self.simulation = Simulation(f"cluster/{seed}", trace=EventTrace(on=traced))
        options = self.options = draw_options(simulation.new_rng)
        simulation.network.conditions = options.conditions
        simulation.on_undeliverable = lambda *about: break_connection(simulation, *about)
        self.machine = Machine(simulation, syncs=options.syncs)
        self.matches = Matches(options.match_players)
        self.record = PublishedLog(clock_checker=ServiceClockChecker(SERVICE_SPEED if options.match_players else 1.0))
        self.ledger = Ledger()
        self.rooms = [
            SimulatedRoom(
                f"room{number}",
                f"{letter}1",
                (f"{letter}1", f"{letter}2", f"{letter}3"),
                lasting=bool(options.account_clients),
            )
            for number, letter in enumerate("a" if options.match_players else "ab", start=1)
        ]
        self._checker = Checker(simulation, self.machine, options, self.rooms, self.matches, self.ledger, self.record)
        self._install_servers()
        self._add_clients()
        self.fault_schedule, *self.longer = self._fault_schedules()

    def _install_servers(self) -> None:
        machine, limits = self.machine, self.options.limits
        machine.install(MAIN, lambda: MainProcess(machine, machine.disks[MAIN], limits, self.record))
        machine.install(REPLICATION, lambda: ReplicationProcess(machine, machine.disks[REPLICATION], limits))
        machine.install(COMMUNICATION, lambda: CommunicationProcess(machine, matches=bool(self.matches.match_players)))
        machine.start_all()

    def _add_clients(self) -> None:
        for room in self.rooms:
            for name in room.players:
                self.simulation.add(name, lambda room=room: PlayerClient(room, until_s=FAULTS_S + 1.0))  # type: ignore[misc]
            self.simulation.add(room.spectator, lambda room=room: SpectatorClient(room))  # type: ignore[misc]
        for name in self.options.account_clients:
            self.simulation.add(name, lambda: AccountClient(self.ledger, until_s=FAULTS_S))
        for name in self.matches.match_players:
            self.simulation.add(name, lambda: SimulatedMatchPlayer(self.matches, until_s=FAULTS_S))

    def _fault_schedules(self) -> list[FaultSchedule]:
        """Return the schedule of the usual faults, then those of restorations and of damage, which last longer."""
        simulation, options = self.simulation, self.options
        clients = [name for name in simulation.incarnations if name not in SERVERS]
        injector = FaultInjector(simulation, self.machine, clients)
        usual = injector.with_old_main() if options.keeps_old_main else injector.all()
        schedules = [FaultSchedule(simulation, usual, most_gap_s=options.most_gap_s, name="storm")]
        for wanted, faults, most_gap_s, name in (
            (options.restorations, injector.restorations(), LONGEST_SINCE_BACKUP_S, "restorations"),
            (options.damage, injector.damages(), LONGEST_SINCE_DAMAGE_S, "storm of damages"),
        ):
            if wanted:
                schedules.append(FaultSchedule(simulation, faults, most_gap_s=most_gap_s, name=name))
        return schedules

    # -- running --------------------------------------------------------------------------------------------------

    def run(self) -> Verdict:
        """Run the schedule and return its verdict."""
        fault_schedules = (self.fault_schedule, *self.longer)
        for fault_schedule in fault_schedules:
            fault_schedule.begin()
        self._restart_servers()
        self.simulation.run(FAULTS_S)
        self.fault_schedule.end()
        if self.longer:
            self.simulation.run(FAULTS_S + LONGER_BY_S)
        for fault_schedule in self.longer:
            fault_schedule.end()
        self._end_all_faults()
        self.simulation.run(FAULTS_S + PATIENCE_S, go_on=lambda: not self._has_settled())
        findings = [*self.record.findings, *self.record.clock_checker.findings, *self._checker.findings()]
        findings += [f"G5: {PATIENCE_S:g} s after the last fault {what}" for what in self._checker.unsettled()]
        findings += [f"invariant: {failure}" for failure in self.simulation.failures]
        calls = sum(len(room.history.calls) for room in (*self.rooms, *self.matches.rooms.values()))
        return Verdict(
            self.seed,
            tuple(findings),
            calls,
            sum((fault_schedule.injected for fault_schedule in fault_schedules), Counter()),
            self.simulation.now,
            tuple(self.simulation.trace.lines),
        )

    def _restart_servers(self) -> None:
        """Start the missing servers, as an operator does, when no server is left that could start another. Repeats."""
        if self.machine.all_down_or_hung:
            for role in SERVERS:
                self.machine.kill(role)
            self.machine.start_all()
        self.simulation.after(RESTART_CHECK_S, self._restart_servers)

    def _end_all_faults(self) -> None:
        self.simulation.network.restore()
        for disk in self.machine.disks.values():
            disk.full = False
            disk.writes_left = None
        self._checked_at = self.simulation.now

    def _has_settled(self) -> bool:
        if self.simulation.now < self._checked_at + SETTLE_CHECK_S:
            return False
        self._checked_at = self.simulation.now
        return next(self._checker.unsettled(), None) is None


def simulate(seed: int, traced: bool = False) -> Verdict:
    """Run the schedule of a seed."""
    return Schedule(seed, traced=traced).run()
