"""The verdict on one schedule of the cluster: what must be true at the end, and what must never have happened."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from game.errors import InvalidArgument, InvariantBroken
from game.forms.event_codec import from_plain
from server.log.journal.journal import Journal
from server.log.room_stream import room_of, room_stream
from server.log.streams import Streams
from server.rooms.lobby import BEGINNING
from server.rooms.room_store import RoomStore
from simulator.cluster.account_clients import Ledger
from simulator.cluster.clients import SimulatedClient, SimulatedRoom, SpectatorClient
from simulator.cluster.match_checker import LEADERS, PublishedEvents, archive_findings, rating_findings
from simulator.cluster.match_players import Matches
from simulator.cluster.published_log import PublishedLog
from simulator.cluster.schedule_options import ScheduleOptions
from simulator.cluster.servers.machine import ROOM_LIMITS, SERVERS, Machine
from simulator.cluster.servers.main_server import MainProcess, term_of
from simulator.cluster.servers.other_servers import CommunicationProcess, ReplicationProcess
from simulator.cluster.servers.terms import SimulatedTerm
from simulator.engine.simulation import Simulation
from verify.history.guarantees import check
from verify.history.record import AnsweredCall, RoomHistory
from wire import COMMUNICATION, REPLICATION
from wire.errors import Damaged, NotReady

LONGEST_LOBBY = 1000
LONGEST_HISTORY = 10_000
"""More events than any schedule has. A cluster with a higher ``keep_events`` never compacts events away."""


@dataclass(frozen=True)
class Checker:
    """Inspects the simulation from outside, and the records of its clients."""

    simulation: Simulation
    machine: Machine
    options: ScheduleOptions
    rooms: Sequence[SimulatedRoom]
    matches: Matches
    ledger: Ledger
    record: PublishedLog

    # -- afterwards -----------------------------------------------------------------------------------------------

    def unsettled(self) -> Iterator[str]:
        """Yield a sentence for each part of the cluster that has not recovered. Valid once the faults are over."""
        for role in SERVERS:
            if not self.simulation.is_alive(role):
                yield f"{role} does not run"
            elif self.simulation.incarnations[role].paused:
                yield f"{role} hangs"
        term = term_of(self.simulation)
        if term is None:
            yield "no main server is the primary"
            return
        if not term.in_sync:
            yield f"the replica is not in sync, but {term.replicator.sync_state.value}"
        replication = self.simulation.node(REPLICATION)
        if isinstance(replication, ReplicationProcess) and replication.journal.last != term.journal.last:
            # The main server notices a replica that restarted with an older log only at its next call.
            yield f"the replica's log ends at {replication.journal.last}, the main server's at {term.journal.last}"
        yield from self._damaged()
        for room in self.rooms:
            yield from self._unseen_versions(room, term.store)
        for name in (
            *self.options.account_clients,
            *self.matches.match_players,
            *(name for room in self.rooms for name in room.players),
        ):
            person = self.simulation.node(name)
            if not isinstance(person, SimulatedClient) or not person.finished:
                yield f"{name} still waits for an answer"
        yield from self._unfollowed_changes(term.store)

    def _damaged(self) -> Iterator[str]:
        """Yield a sentence for each damaged row of a journal, and for each stream that a server still reports as
        damaged.
        """
        for role, disk in self.machine.disks.items():
            for row in disk.damaged():
                yield f"a row of the journal of {role} is damaged: {row}"
        for role in self.machine.disks:
            process = self.simulation.node(role)
            if isinstance(process, (MainProcess, ReplicationProcess)):
                damage = process.journal.damage
                for stream in (*damage.waiting, *damage.lost):
                    yield f"{role} still reports {stream} as damaged"

    def _unfollowed_changes(self, store: RoomStore) -> Iterator[str]:
        """Yield a sentence for each match that has not ended, and for each difference between the communication server
        and the main server.
        """
        changes = store.index.since(BEGINNING, LONGEST_LOBBY)
        lobby = {change.room: change.row for change in changes.changed if change.row is not None}
        for room, row in lobby.items():
            if row["match"]:
                yield f"the match in {room} has not ended, phase {row['phase']}"
        front_door = self.simulation.node(COMMUNICATION)
        if isinstance(front_door, CommunicationProcess):
            if dict(front_door.copy.lobby.rows) != lobby:
                yield "the communication server's copy of the lobby differs from the lobby"
            if self.matches.match_players and front_door.matchmaker.records != store.states.records:
                known = front_door.matchmaker.records
                yield f"the communication server has {known} game records, not {store.states.records}"

    def _unseen_versions(self, room: SimulatedRoom, store: RoomStore) -> Iterator[str]:
        try:
            version = store.state_of(room_stream(room.id)).version
        except (InvariantBroken, Damaged) as broken:
            yield f"{room.id} cannot be read: {broken.message}"
            return
        spectator = self.simulation.node(room.spectator)
        if isinstance(spectator, SpectatorClient) and spectator.version != version:
            yield f"a spectator of {room.id} has not seen version {version}"

    # -- always ---------------------------------------------------------------------------------------------------

    def findings(self) -> Iterator[str]:
        """Yield a sentence for each violation. It starts with the name of the check that found it."""
        term = term_of(self.simulation)
        if term is not None:
            try:
                yield from self._compare_with_published(term.store)
                yield from self.ledger.violations(term.store)
                if term.in_sync:
                    yield from self._compare_copies(term)
                if self.matches.match_players:
                    yield from self._check_matches(term)
                yield from self._check_histories()
            except (InvariantBroken, InvalidArgument) as broken:
                yield f"G3: {broken.message}"
            except Damaged as damaged:
                yield f"damage: {damaged.message}"
        for what in self._damaged():
            yield f"damage: {what}"

    def _compare_with_published(self, store: RoomStore) -> Iterator[str]:
        """Compare the served states with the states that all published events lead to."""
        streams = Streams(ROOM_LIMITS)
        for stream, events in self.record.published.items():
            kind = streams.kind_of(stream)
            state = kind.initial_state(stream)
            for version in range(1, max(events) + 1):
                if version not in events:
                    if self.options.limits.keep_events > LONGEST_HISTORY:
                        yield f"G3: version {version} of {stream} was never published"
                    break
                state = kind.evolve(state, kind.read_event(events[version].body))
            served = store.state_of(stream)
            if served.version == 0 and stream in self.record.forgotten:
                continue
            if state.version == max(events) and kind.write_state(state) != kind.write_state(served):
                expected = kind.write_state(state)
                yield f"G1: {stream} is served as {kind.write_state(served)}, but its events give {expected}"
            row = kind.row(served)
            if store.is_open(room_of(stream) or "") if row is None else not store.is_listed_as(stream, row):
                yield f"G3: the summary of {stream} differs from its state"

    def _check_matches(self, term: SimulatedTerm) -> Iterator[str]:
        """Check the events of matches, the game archive and the ratings."""
        played = PublishedEvents.of(self.record.published)
        yield from played.time_regressions()
        complete = self.options.limits.keep_events > LONGEST_HISTORY
        yield from archive_findings("the main server", term.journal, played, complete=complete)
        replication, front_door = self.simulation.node(REPLICATION), self.simulation.node(COMMUNICATION)
        if isinstance(replication, ReplicationProcess) and term.in_sync:
            yield from archive_findings("the replica", replication.journal, played, complete=complete)
        yield from played.matched_twice()
        if isinstance(front_door, CommunicationProcess):
            with contextlib.suppress(NotReady):  # not ready: ``unsettled`` reports that
                served = front_door.matchmaker.archive.leaderboard("people", LEADERS)["players"]
                yield from rating_findings(served, term.journal)  # type: ignore[arg-type]  # rows, by its protocol

    def _compare_copies(self, term: SimulatedTerm) -> Iterator[str]:
        """Compare the states that both journals lead to. Valid only while the replica is in sync."""
        replication = self.simulation.node(REPLICATION)
        if not isinstance(replication, ReplicationProcess):
            return
        ours, theirs = self._states(term.journal), self._states(replication.journal)
        for stream in sorted(ours.keys() | theirs.keys()):
            kind = Streams(ROOM_LIMITS).kind_of(stream)
            states = {kind.write_state(states[stream]) for states in (ours, theirs) if stream in states}
            one_lacks_it = stream not in ours or stream not in theirs
            forgotten = stream in self.record.forgotten and (ours | theirs)[stream].phase == "closed"
            if len(states) > 1 or (one_lacks_it and not forgotten):
                yield f"G1: {stream} differs between the main server and the replica: {' and '.join(sorted(states))}"

    def _states(self, journal: Journal) -> dict[str, Any]:
        streams = Streams(ROOM_LIMITS)
        return {copy.stream: streams.state_of(copy) for copy in journal.copies()}

    def _check_histories(self) -> Iterator[str]:
        rooms = (*self.rooms, *self.matches.rooms.values())
        histories = {room.id: self._final_history(room) for room in rooms if self._existed(room)}
        found = check(histories, complete=not self.options.keeps_old_main, limits=ROOM_LIMITS)
        for name, sentences in (
            ("G1", found.lost),
            ("G2", found.doubled),
            ("G3", found.out_of_order),
            ("linearizability", found.not_linearizable),
            ("not decided", found.undecided),
        ):
            for sentence in sentences:
                yield f"{name}: {sentence}"

    def _existed(self, room: SimulatedRoom) -> bool:
        """Return whether the room existed: a command was acknowledged, or an event was published."""
        acknowledged = any(isinstance(call.answer, AnsweredCall) for call in room.history.calls)
        return acknowledged or room_stream(room.id) in self.record.published

    def _final_history(self, room: SimulatedRoom) -> RoomHistory:
        """Return the room's history.

        Its final events are the published ones; ``_compare_with_published`` checks that they are served.
        """
        history = room.history
        published = self.record.published.get(room_stream(room.id), {})
        final = [(version, from_plain(json.loads(published[version].body))) for version in sorted(published)]
        calls = history.calls
        if self.options.keeps_old_main:
            # An old primary changes nothing, but its reads may be out of date. So check only the commands that made
            # events.
            made = {event.request_id for _, event in final}
            calls = [
                call
                for call in calls
                if isinstance(call.answer, AnsweredCall) and getattr(call.operation, "request_id", "") in made
            ]
        return RoomHistory(calls, history.spectators, history.gaps, final)
