"""One schedule of the cluster: a seed makes a world, people play in it while blows fall, and all is checked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from client.history.guarantees import check
from client.history.record import Done, RoomHistory
from game.errors import InvariantBroken
from game.events import from_plain
from server.lobby import BEGINNING
from server.primary import Step
from server.streams import Streams, room_stream
from simulator.cluster.blows import Blows
from simulator.cluster.clients import Player, Table, Watcher
from simulator.cluster.journals import JournalDisk
from simulator.cluster.machine import SERVERS, Machine, Times
from simulator.cluster.rpc import break_off
from simulator.cluster.servers import CommunicationProcess, Limits, MainProcess, Published, ReplicationProcess
from simulator.network import Weather
from simulator.storm import Storm
from simulator.timeline import Timeline
from simulator.verdict import Verdict
from simulator.world import World
from wire import COMMUNICATION, MAIN, REPLICATION

STORM_S = 4.0
CALM = 0.1
SYNCS = 0.6
PATIENCE_S = 40.0
LOOK_S = 0.1
LONGEST_LOBBY = 1000
LONGEST_HISTORY = 10_000
GONE_BY_S = 0.4
"""How soon somebody starts the servers again when all are down."""


class Schedule:
    """A cluster, its people and its faults, all from one seed."""

    def __init__(self, seed: int, *, traced: bool = False) -> None:
        self.seed = seed
        self.world = World(f"cluster/{seed}", timeline=Timeline(on=traced))
        chance = self.world.chance("schedule")
        self.calm = chance.random() < CALM
        if not self.calm:
            self.world.network.weather = Weather(
                loss=chance.choice((0.0, 0.0, 0.01, 0.05)),
                duplicate=chance.choice((0.0, 0.02)),
                straggle=chance.choice((0.0, 0.02, 0.1)),
            )
        self.world.on_nobody_there = lambda *about: break_off(self.world, *about)
        self.limits = Limits(
            snapshot_every=chance.choice((3, 8, 1000)),
            keep_events=chance.choice((4, 1_000_000, 1_000_000)),
            piece_bytes=chance.choice((1, 1500, 1 << 18)),
            nearly=chance.choice((0, 2, 50)),
        )
        self.machine = Machine(self.world, Times(), syncs=chance.random() < SYNCS)
        self.published: dict[str, dict[int, Published]] = {}
        self.findings: list[str] = []
        self._install()
        self.tables = [
            Table(f"room{number}", f"{letter}1", (f"{letter}1", f"{letter}2", f"{letter}3"))
            for number, letter in enumerate("ab", start=1)
        ]
        self._invite()
        people = [name for name in self.world.lives if name not in SERVERS]
        blows = Blows(self.world, self.machine, people, lambda: self._main(JournalDisk(syncs=True)))
        self.storm = Storm(
            self.world, blows.calm() if self.calm else blows.all(), most_gap_s=chance.choice((0.3, 0.8, 2.0))
        )

    def _install(self) -> None:
        machine, limits = self.machine, self.limits
        machine.install(MAIN, lambda: self._main(machine.disks[MAIN]))
        machine.install(REPLICATION, lambda: ReplicationProcess(machine, machine.disks[REPLICATION], limits))
        machine.install(COMMUNICATION, lambda: CommunicationProcess(machine))
        machine.start_all()

    def _main(self, disk: JournalDisk) -> MainProcess:
        return MainProcess(self.machine, disk, self.limits, self._note)

    def _invite(self) -> None:
        for table in self.tables:
            for name in table.players:
                self.world.add(name, lambda table=table: Player(table, until_s=STORM_S + 1.0))  # type: ignore[misc]
            self.world.add(f"{table.room}-watcher", lambda table=table: Watcher(table, until_s=0.0))  # type: ignore[misc]

    def _note(self, published: Published) -> None:
        """What a main server made visible, anybody may have seen: nothing else may ever stand there."""
        entry = published.entry
        first = self.published.setdefault(entry.stream, {}).setdefault(entry.version, published)
        if first.entry.body != entry.body:
            self.findings.append(
                f"G3: {entry.stream} version {entry.version} was {first.entry.body} and became {entry.body}"
            )

    # -- running --------------------------------------------------------------------------------------------------

    def run(self) -> Verdict:
        """Let it all happen, and judge it."""
        self.storm.begin()
        self._revive()
        self.world.run(STORM_S)
        self.storm.end()
        self._heal()
        self.world.run(STORM_S + PATIENCE_S, go_on=lambda: not self._settled_now())
        self._judge()
        calls = sum(len(table.history.calls) for table in self.tables)
        return Verdict(
            self.seed,
            tuple(self.findings),
            calls,
            Counter(self.storm.struck),
            self.world.now,
            tuple(self.world.timeline.lines),
        )

    def _revive(self) -> None:
        """Somebody looks now and then, and starts the servers when none is left that could start another."""
        if self.machine.all_down_or_hung:
            for role in SERVERS:
                self.machine.kill(role)
            self.machine.start_all()
        self.world.after(GONE_BY_S, self._revive)

    def _heal(self) -> None:
        self.world.network.clear_up()
        for disk in self.machine.disks.values():
            disk.full = False
            disk.writes_to_live = None
        self._looked_at = self.world.now

    def _settled_now(self) -> bool:
        if self.world.now < self._looked_at + LOOK_S:
            return False
        self._looked_at = self.world.now
        return next(self._unsettled(), None) is None

    def _unsettled(self) -> Iterator[str]:
        """What is not as it must become once the faults are over."""
        for role in SERVERS:
            if not self.machine.runs(role):
                yield f"{role} does not run"
        main = self.world.node(MAIN)
        if not isinstance(main, MainProcess) or main.house is None or main.link is None:
            yield "nobody is in office"
            return
        if main.link.step is not Step.IN_STEP:
            yield f"the replica is not in step, but {main.link.step.value}"
        for table in self.tables:
            for name in table.players:
                player = self.world.node(name)
                if not isinstance(player, Player) or not player.finished:
                    yield f"{name} still waits for an answer"
            version = main.house.state_of(room_stream(table.room)).version
            watcher = self.world.node(f"{table.room}-watcher")
            if isinstance(watcher, Watcher) and watcher.version != version:
                yield f"a watcher of {table.room} has not seen version {version}"
        copy = self.world.node(COMMUNICATION)
        changes = main.house.lobby_changes(BEGINNING, LONGEST_LOBBY, 0.0)
        lobby = {change.room: change.row for change in changes.changed if change.row is not None}
        if isinstance(copy, CommunicationProcess) and dict(copy.copy.lobby.rows) != lobby:
            yield "the lobby's copy is not the lobby"

    # -- judging --------------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        main = self.world.node(MAIN)
        if isinstance(main, MainProcess) and main.house is not None:
            try:
                self._compare_with_published(main)
                if main.link is not None and main.link.step is Step.IN_STEP:
                    self._compare_copies(main)
            except InvariantBroken as broken:
                self.findings.append(f"G3: {broken.message}")
            self._check_histories()
        self.findings += [f"G5: {PATIENCE_S:g} s after the last fault {what}" for what in self._unsettled()]
        self.findings += [f"invariant: {failure}" for failure in self.world.failures]

    def _check_histories(self) -> None:
        histories = {table.room: self._finished(table) for table in self.tables if self._was_seen(table)}
        found = check(histories, complete=not self.calm, max_people=self.limits.most_people)
        self.findings += [f"G1: {what}" for what in found.lost]
        self.findings += [f"G2: {what}" for what in found.doubled]
        self.findings += [f"G3: {what}" for what in found.out_of_order]
        self.findings += [f"linearizability: {what}" for what in found.not_linearizable]
        self.findings += [f"not decided: {what}" for what in found.undecided]

    def _compare_with_published(self, main: MainProcess) -> None:
        """The state that is served must be what all published events add up to."""
        streams = Streams(most_people=self.limits.most_people)
        for stream, events in self.published.items():
            kind = streams.kind_of(stream)
            state = kind.nothing(stream)
            for version in range(1, max(events) + 1):
                if version not in events:
                    if self.limits.keep_events > LONGEST_HISTORY:
                        self.findings.append(f"G3: nobody published version {version} of {stream}")
                    break
                state = kind.evolve(state, kind.read_event(events[version].entry.body))
            served = main.house.state_of(stream)  # type: ignore[union-attr]  # checked by the caller
            if state.version == max(events) and _written(kind, state) != _written(kind, served):
                self.findings.append(f"G1: {stream} is served at version {served.version} as {_written(kind, served)}")

    def _compare_copies(self, main: MainProcess) -> None:
        """In step, the replica's copy makes the same states."""
        replication = self.world.node(REPLICATION)
        if not isinstance(replication, ReplicationProcess):
            return
        streams = Streams(most_people=self.limits.most_people)
        ours, theirs = (
            {copy.stream: _written(streams.kind_of(copy.stream), streams.state_of(copy)) for copy in journal.copies()}
            for journal in (main.journal, replication.journal)
        )
        for stream in sorted(ours.keys() | theirs.keys()):
            if ours.get(stream) != theirs.get(stream):
                self.findings.append(f"G1: the replica's copy of {stream} is not the main server's")

    def _was_seen(self, table: Table) -> bool:
        """Whether the room was ever there, as anybody could see or was told."""
        told = any(isinstance(call.answer, Done) for call in table.history.calls)
        return told or room_stream(table.room) in self.published

    def _finished(self, table: Table) -> RoomHistory:
        """The room's history, with all that was published; in the end it is served as that (see above)."""
        history = table.history
        published = self.published.get(room_stream(table.room), {})
        history.final = [
            (version, from_plain(json.loads(published[version].entry.body))) for version in sorted(published)
        ]
        if self.calm:
            # Where a main server was replaced that no lock could stop, it can change nothing, but until it learns of it
            # what it answers may be old: only what changed something counts.
            made = {event.request_id for _, event in history.final}
            history.calls = [
                call
                for call in history.calls
                if isinstance(call.answer, Done) and getattr(call.operation, "request_id", "") in made
            ]
        return history


def _written(kind: Any, state: Any) -> str:
    written: str = kind.write_state(state)
    return written


def simulate(seed: int, traced: bool = False) -> Verdict:
    """Run the schedule of a seed."""
    return Schedule(seed, traced=traced).run()
