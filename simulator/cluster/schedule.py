"""One schedule of the cluster: builds a simulation from a seed, runs clients and faults in it, and checks the
result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from simulator.cluster.account_clients import AccountClient, Ledger
from simulator.cluster.checker import Checker
from simulator.cluster.clients import PlayerClient, SimulatedRoom, SpectatorClient
from simulator.cluster.faults import FaultInjector
from simulator.cluster.match_players import Matches, SimulatedMatchPlayer
from simulator.cluster.published_log import PublishedLog
from simulator.cluster.servers.machine import SERVERS, Machine, SimulatedLimits, Times
from simulator.cluster.servers.main_server import MainProcess
from simulator.cluster.servers.other_servers import CommunicationProcess, ReplicationProcess
from simulator.cluster.servers.rpc import break_connection
from simulator.cluster.service_clock_checker import ServiceClockChecker
from simulator.engine.event_trace import EventTrace
from simulator.engine.fault_schedule import FaultSchedule
from simulator.engine.network import NetworkConditions
from simulator.engine.simulation import Simulation
from simulator.engine.verdict import Verdict
from wire import COMMUNICATION, MAIN, REPLICATION

FAULTS_S = 4.0
LONGER_BY_S = 3.0
"""Additional seconds of schedules with restored or damaged journals. Without them no room would be forgotten
in time."""
P_OLD_MAIN = 0.1
P_SYNC = 0.6
P_BACKUPS = 0.3
LONGEST_SINCE_BACKUP_S = 1.0
P_DAMAGE = 0.3
LONGEST_SINCE_DAMAGE_S = 0.5
SCRUB_EVERY_S = 0.5
P_MATCHES = 0.6
MATCH_PLAYERS = ("c1", "c2", "c3", "c4")
SERVICE_SPEED = 10.0
"""How much faster service time passes than virtual time in schedules with matches. Clocks and pauses have realistic
lengths."""
ACCOUNT_CLIENTS: tuple[tuple[str, ...], ...] = ((), ("h1", "h2"))
PATIENCE_S = 40.0
SETTLE_CHECK_S = 0.1
RESTART_CHECK_S = 0.4
"""The interval, in seconds, of the check that restarts the servers when all are down."""


class Schedule:
    """A cluster, its clients and its faults, all made from one seed."""

    def __init__(self, seed: int, *, traced: bool = False) -> None:
        self.seed = seed
        self.simulation = Simulation(f"cluster/{seed}", trace=EventTrace(on=traced))
        rng = self.simulation.new_rng("schedule")
        old_main = self.keeps_old_main = rng.random() < P_OLD_MAIN
        if not old_main:
            self.simulation.network.conditions = NetworkConditions(
                loss=rng.choice((0.0, 0.0, 0.01, 0.05)),
                duplicate=rng.choice((0.0, 0.05)),
                straggle=rng.choice((0.0, 0.02, 0.1, 0.3)),
            )
        self.simulation.on_undeliverable = lambda *about: break_connection(self.simulation, *about)
        account_clients = () if old_main else rng.choice(ACCOUNT_CLIENTS)
        matches = not old_main and not account_clients and self.simulation.new_rng("clocks").random() < P_MATCHES
        self.matches = Matches(MATCH_PLAYERS if matches else ())
        damages = not old_main and self.simulation.new_rng("damages").random() < P_DAMAGE
        self.limits = SimulatedLimits(
            scrub_every_s=SCRUB_EVERY_S if damages else None,
            kept_closed_rooms=1 if account_clients else 1000,
            snapshot_every=rng.choice((3, 8, 1000)),
            keep_events=rng.choice((4, 1_000_000, 1_000_000)),
            piece_bytes=rng.choice((1, 400, 400, 1500, 1 << 18)),
            nearly=rng.choice((0, 2, 50)),
        )
        self.machine = Machine(self.simulation, Times(), syncs=rng.random() < P_SYNC)
        self.record = PublishedLog(clock_checker=ServiceClockChecker(SERVICE_SPEED if matches else 1.0))
        self.ledger = Ledger()
        self._install()
        self.rooms = [
            SimulatedRoom(
                f"room{number}", f"{letter}1", (f"{letter}1", f"{letter}2", f"{letter}3"), lasting=bool(account_clients)
            )
            for number, letter in enumerate("a" if matches else "ab", start=1)
        ]
        self._checker = Checker(
            self.simulation,
            self.machine,
            self.limits,
            self.rooms,
            self.matches,
            account_clients,
            self.ledger,
            self.record,
            old_main,
        )
        self._add_clients(account_clients)
        clients = [name for name in self.simulation.incarnations if name not in SERVERS]
        faults = FaultInjector(self.simulation, self.machine, clients)
        self.fault_schedule = FaultSchedule(
            self.simulation,
            faults.with_old_main() if old_main else faults.all(),
            most_gap_s=rng.choice((0.3, 0.8, 2.0)),
        )
        self.further: list[FaultSchedule] = []
        if not old_main and self.simulation.new_rng("backups").random() < P_BACKUPS:
            self.further.append(
                FaultSchedule(
                    self.simulation, faults.restorations(), most_gap_s=LONGEST_SINCE_BACKUP_S, name="restorations"
                )
            )
        if damages:
            self.further.append(
                FaultSchedule(
                    self.simulation, faults.damages(), most_gap_s=LONGEST_SINCE_DAMAGE_S, name="storm of damages"
                )
            )

    def _install(self) -> None:
        machine, limits = self.machine, self.limits
        machine.install(MAIN, lambda: MainProcess(machine, machine.disks[MAIN], limits, self.record))
        machine.install(REPLICATION, lambda: ReplicationProcess(machine, machine.disks[REPLICATION], limits))
        machine.install(COMMUNICATION, lambda: CommunicationProcess(machine, matches=bool(self.matches.match_players)))
        machine.start_all()

    def _add_clients(self, account_clients: Sequence[str]) -> None:
        for room in self.rooms:
            for name in room.players:
                self.simulation.add(name, lambda room=room: PlayerClient(room, until_s=FAULTS_S + 1.0))  # type: ignore[misc]
            self.simulation.add(room.spectator, lambda room=room: SpectatorClient(room))  # type: ignore[misc]
        for name in account_clients:
            self.simulation.add(name, lambda: AccountClient(self.ledger, until_s=FAULTS_S))
        for name in self.matches.match_players:
            self.simulation.add(name, lambda: SimulatedMatchPlayer(self.matches, until_s=FAULTS_S))

    # -- running --------------------------------------------------------------------------------------------------

    def run(self) -> Verdict:
        """Run the schedule and return its verdict."""
        fault_schedules = (self.fault_schedule, *self.further)
        for fault_schedule in fault_schedules:
            fault_schedule.begin()
        self._restart_servers()
        self.simulation.run(FAULTS_S)
        self.fault_schedule.end()
        if self.further:
            self.simulation.run(FAULTS_S + LONGER_BY_S)
        for fault_schedule in self.further:
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
