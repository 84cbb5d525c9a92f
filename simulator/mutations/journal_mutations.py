"""Mutations in the journal: batches, snapshots, summaries, and how damaged rows are found and repaired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.log.entries import Entry, Snapshot
from server.log.journal import rows
from server.log.journal.compaction import Compactor
from server.log.journal.journal import Journal
from server.log.row_format import Kind
from server.replication import scrub
from server.replication.repair import Repair
from server.replication.replica_service import ReplicaService
from server.replication.scrub import Scrub
from simulator.cluster.checker import Checker
from simulator.mutations.mutation import mutation, register, returning


def _is_sound_without_sum(kind: Kind, row: rows.Columns, original: Any = rows.is_sound) -> bool:
    sound: bool = original(kind, (*row[:5], None))
    return sound


register(
    "sums-are-not-checked",
    "a readable row counts as sound, also an edited one",
    rows,
    "is_sound",
    _is_sound_without_sum,
    # The checker does not look at the disk, so that it must find the damage in what is served.
    also=((scrub, "is_sound", _is_sound_without_sum), (Checker, "_damaged", returning(()))),
)
register(
    "damage-is-not-fetched",
    "damage in the main server's journal is not repaired",
    Repair,
    "_repair_own",
    returning(()),
)
register(
    "damage-is-not-reported",
    "the replica does not report that its copy is damaged",
    ReplicaService,
    "more_beat",
    returning({}),
)
register("no-scrub", "damage is found only where something is read", Scrub, "_pages", returning(()))


@mutation("snapshot-one-event-too-far", "a snapshot claims one event more than it has", Compactor, "_snapshot")
def _snapshot_of_a_later_version(self: Compactor, stream: str, original: Any = Compactor._snapshot) -> Snapshot | None:
    snapshot: Snapshot | None = original(self, stream)
    return None if snapshot is None else snapshot._replace(version=snapshot.version + 1)


@mutation("half-a-command", "the events of one batch are not written together", Journal, "append")
def _append_one_by_one(self: Journal, entries: Sequence[Entry], original: Any = Journal.append) -> None:
    for entry in entries:
        original(self, [entry])


# A defect that the servers once had, and the simulator found.
register(
    "adopted-but-not-told-of",
    "a room from the other copy gets no summary",
    Journal,
    "missing_summaries",
    returning([]),
)
