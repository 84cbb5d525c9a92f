"""The faults of the simulated cluster: every kind of fault that the guarantees cover."""

from __future__ import annotations

import random
from collections.abc import Sequence

from simulator.cluster.servers.journals import JournalBackup
from simulator.cluster.servers.machine import OLD_MAIN, SERVERS, Machine
from simulator.cluster.servers.main_server import term_of
from simulator.engine.fault_schedule import Injection, ScheduledFault
from simulator.engine.simulation import Simulation
from wire import MAIN, REPLICATION

WITH_JOURNAL = (MAIN, REPLICATION)
MOST_WRITES_BEFORE_KILL = 6
MOST_LOST_WRITES = 3
P_BETWEEN_SERVERS = 0.6
P_BOTH_WAYS = 0.6
P_HANG = 0.3
"""The probability that a paused server never wakes."""
LOOK_AGAIN_S = 0.01


class FaultInjector:
    """The faults of one simulation."""

    def __init__(self, simulation: Simulation, machine: Machine, clients: Sequence[str]) -> None:
        self._simulation = simulation
        self._machine = machine
        self._clients = clients
        # At most one backup for each role. A restored backup is removed.
        self._backups: dict[str, JournalBackup] = {}

    def with_old_main(self) -> list[ScheduledFault]:
        """Return the faults of a schedule that keeps an old main server.

        A paused main server is replaced but not ended, and wakes after the takeover.

        The check of the epoch at the replica is then the only protection. So the replica must be available.
        """
        return [ScheduledFault("replaced, not ended", 5, self._replace_without_ending, 2.0, 2.0), self._client_crashed]

    def all(self) -> list[ScheduledFault]:
        """Return all faults, with their relative weights."""
        return [
            ScheduledFault("kill", 5, self._kill),
            ScheduledFault("kill several", 2, self._kill_several),
            ScheduledFault("kill at a write", 5, self._kill_at_a_write),
            ScheduledFault("pause", 4, self._pause, 0.02, 2.5),
            ScheduledFault("cut", 5, self._cut, 0.05, 2.0),
            ScheduledFault("disk full", 3, self._disk_full, 0.05, 1.0),
            ScheduledFault("main's disk lost", 3, self._lose_main_disk),
            ScheduledFault("replica's disk lost", 1, self._lose_replica_disk),
            ScheduledFault("power cut at the replica", 1.5, self._cut_replica_power),
            ScheduledFault("power cut", 1, self._cut_power),
            self._client_crashed,
        ]

    def restorations(self) -> list[ScheduledFault]:
        """Return the faults that replace a journal by an older backup of it."""
        return [
            ScheduledFault("main's journal put back", 1, self._restore_main_journal, 1.5, 3.0),
            ScheduledFault("replica's journal put back", 1, self._restore_replica_journal),
        ]

    def damages(self) -> list[ScheduledFault]:
        """Return the faults that damage a row of a journal. The other copy has that row, and has it undamaged."""
        return [
            ScheduledFault("row of main's journal damaged", 1, lambda rng: self._damage(MAIN, REPLICATION, rng)),
            ScheduledFault("row of the replica's journal damaged", 1, lambda rng: self._damage(REPLICATION, MAIN, rng)),
        ]

    @property
    def _client_crashed(self) -> ScheduledFault:
        return ScheduledFault("client crashed", 2, self._crash_client, 0.05, 0.5)

    def _kill(self, rng: random.Random) -> Injection:
        role = rng.choice(SERVERS)
        if self._machine.runs(role):
            self._machine.kill(role)
            yield

    def _kill_several(self, rng: random.Random) -> Injection:
        for role in rng.sample(SERVERS, rng.choice((2, 2, 3))):
            self._machine.kill(role)
        yield

    def _kill_at_a_write(self, rng: random.Random) -> Injection:
        role = rng.choice(WITH_JOURNAL)
        if self._machine.runs(role):
            self._machine.disks[role].writes_left = rng.randrange(MOST_WRITES_BEFORE_KILL)
            yield

    def _pause(self, rng: random.Random) -> Injection:
        role = rng.choice(SERVERS)
        if not self._machine.runs(role):
            return
        incarnation = self._simulation.incarnations[role]
        self._simulation.pause(role)
        hangs = rng.random() < P_HANG
        yield
        if not hangs and self._simulation.incarnations.get(role) is incarnation:
            self._simulation.wake(role)

    def _cut(self, rng: random.Random) -> Injection:
        """Cut the network between two servers, or between a client and the main server, in one direction or both."""
        if rng.random() < P_BETWEEN_SERVERS:
            one, other = rng.sample(SERVERS, 2)
        else:
            one, other = rng.choice(self._clients), MAIN
        if rng.random() < P_BOTH_WAYS:
            return self._cut_off((one, other), (other, one))
        return self._cut_off(rng.choice([(one, other), (other, one)]))

    def _cut_off(self, *pairs: tuple[str, str]) -> Injection:
        network = self._simulation.network
        for pair in pairs:
            network.cut(*pair)
            self._simulation.trace.note(self._simulation.now, pair[0], f"is cut off from {pair[1]}")
        yield
        for pair in pairs:
            network.mend(*pair)

    def _disk_full(self, rng: random.Random) -> Injection:
        disk = self._machine.disks[rng.choice(WITH_JOURNAL)]
        disk.full = True
        yield
        disk.full = False

    def _lose_main_disk(self, _rng: random.Random) -> Injection:
        """Delete the main server's journal. If the replica is in sync and keeps its copy, nothing may be lost.

        This fault never removes only the last writes. A main server trusts its own journal when no replica answers. It
        cannot detect the writes that a power cut removes from a disk without sync. The setting ``DURABILITY=fsync``
        prevents that loss.

        The backup of the journal is deleted, too. It may have an entry that the replica never got. Another entry now
        takes that position. To restore the backup would be a choice between two histories, and only a person may make
        it.
        """
        if self._replica_has_all():
            self._backups.pop(MAIN, None)
            self._lose_disk(MAIN)
            yield

    def _lose_replica_disk(self, _rng: random.Random) -> Injection:
        if self._main_has_all():
            self._lose_disk(REPLICATION)
            yield

    def _lose_disk(self, role: str) -> None:
        self._machine.kill(role)
        self._machine.disks[role].lose()

    def _restore_main_journal(self, _rng: random.Random) -> Injection:
        """Restore an older journal of the main server, and cut off the replica, which has the missing entries, for a
        while.
        """
        if self._replica_has_all() and self._restore_backup(MAIN):
            yield from self._cut_off((MAIN, REPLICATION), (REPLICATION, MAIN))

    def _restore_replica_journal(self, _rng: random.Random) -> Injection:
        if self._main_has_all() and self._restore_backup(REPLICATION):
            yield

    def _restore_backup(self, role: str) -> bool:
        """End a server and restore the backup of its journal. Without a backup, take one and return False."""
        disk = self._machine.disks[role]
        backup = self._backups.pop(role, None)
        if backup is None:
            self._backups[role] = disk.backup()
            return False
        self._machine.kill(role)
        disk.restore(backup)
        return True

    def _damage(self, role: str, other: str, rng: random.Random) -> Injection:
        disks = self._machine.disks
        if not self._replica_has_all() or not self._main_has_all():
            return
        row = disks[role].damage(rng, upto=disks[other].end)
        if row is not None:
            self._simulation.trace.note(self._simulation.now, role, f"has a damaged row: {row}")
            yield

    def _cut_replica_power(self, rng: random.Random) -> Injection:
        if not self._main_has_all() or not self._machine.runs(REPLICATION):
            return
        self._machine.kill(REPLICATION)
        if self._machine.disks[REPLICATION].lose_last_writes(rng, rng.randint(1, MOST_LOST_WRITES)):
            yield

    def _cut_power(self, rng: random.Random) -> Injection:
        """Cut the power of the whole machine. Only disks that sync keep everything that was acknowledged."""
        if not all(disk.syncs for disk in self._machine.disks.values()):
            return
        for role in SERVERS:
            self._machine.kill(role)
        for disk in self._machine.disks.values():
            disk.lose_last_writes(rng, MOST_LOST_WRITES)
        yield

    def _replace_without_ending(self, _rng: random.Random) -> Injection:
        simulation = self._simulation
        if not self._is_in_sync() or simulation.incarnations[MAIN].paused or simulation.is_alive(OLD_MAIN):
            return
        simulation.pause(MAIN)
        self._machine.leave_old_main_running()

        def wake_after_takeover() -> None:
            if self._is_in_sync():
                simulation.wake(OLD_MAIN)
            elif simulation.is_alive(OLD_MAIN):
                simulation.after(LOOK_AGAIN_S, wake_after_takeover)

        simulation.after(LOOK_AGAIN_S, wake_after_takeover)
        yield

    def _crash_client(self, rng: random.Random) -> Injection:
        name = rng.choice(self._clients)
        self._simulation.crash(name)
        yield
        if not self._simulation.is_alive(name):
            self._simulation.start(name)

    # -- what the faults may destroy ------------------------------------------------------------------------------

    def _is_in_sync(self) -> bool:
        term = term_of(self._simulation)
        return term is not None and term.in_sync

    def _replica_has_all(self) -> bool:
        """Return whether the replica is in sync and its journal undamaged, so that everything can be
        recovered from it.
        """
        term, replica = term_of(self._simulation), self._simulation.incarnations.get(REPLICATION)
        if term is None or not term.in_sync:
            return False
        # Otherwise the main server has not noticed yet that its replica is gone, perhaps with its disk.
        joined = replica is not None and replica.alive and term.joined_by is replica
        return joined and not self._machine.disks[REPLICATION].damaged()

    def _main_has_all(self) -> bool:
        """Return whether a primary runs and its journal is undamaged, so that everything can be recovered from it."""
        return term_of(self._simulation) is not None and not self._machine.disks[MAIN].damaged()
