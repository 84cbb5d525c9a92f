"""Mutations in the journal: appends, snapshots, summaries, and how damaged rows are found and repaired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from server.log.append_log import recovery, segment_reader
from server.log.append_log.append_log import AppendLog
from server.log.append_log.batch_format import FRAME
from server.log.append_log.recovery import LogPlace, Recovered
from server.log.append_log.segment_reader import Rest, StoredBatch
from server.log.append_log.segments import Segments
from server.log.entries import Entry, Snapshot, StreamSummary
from server.log.journal import journal, rows
from server.log.journal.compaction import Compactor
from server.log.journal.connection import JournalConnection
from server.log.journal.journal import Journal
from server.log.message_checks import is_readable
from server.log.row_format import Kind
from server.replication import scrub
from server.replication.repair import Repair
from server.replication.replica_service import ReplicaService
from server.replication.scrub import Scrub
from simulator.cluster.checker import Checker
from simulator.mutations.mutation import mutation, register, returning


def _is_sound_without_sum(kind: Kind, row: rows.Columns) -> bool:
    return is_readable(row[2], row[4], entry=kind == "entry")


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
def _append_one_by_one(
    self: Journal, entries: Sequence[Entry], summaries: Sequence[StreamSummary] = (), original: Any = Journal.append
) -> None:
    for entry in entries[:-1]:
        original(self, [entry])
    original(self, entries[-1:], summaries)


# A defect that the servers once had, and the simulator found.
register(
    "adopted-but-not-told-of",
    "a room from the other copy gets no summary",
    Journal,
    "missing_summaries",
    returning([]),
)


# -- the append log -----------------------------------------------------------------------------------------------


@mutation("a-torn-append-counts", "a batch that was not written to its end is read", recovery, "read_batches")
def _read_torn(
    data: bytes, start: int = 0, original: Any = segment_reader.read_batches
) -> tuple[list[StoredBatch], Rest]:
    found, rest = original(data, start)
    at = found[-1].end if found else start
    entries, summaries, _ = segment_reader._rows(data, at, len(data))
    if rest is Rest.TORN and entries:
        found.append(StoredBatch(None, entries, summaries, len(data)))
    return found, rest


@mutation("sums-of-records-are-not-checked", "a damaged record counts as sound", segment_reader, "_record")
def _record_without_sum(data: bytes, at: int, end: int, kind: segment_reader.Pattern) -> Any:
    begin = at + FRAME.size
    length = int.from_bytes(data[at : at + 4], "big")
    content = data[begin : begin + length].decode(errors="replace").encode()  # may be no text, being unchecked
    fields = content.split(b"\n", 5)
    has_fields = len(fields) == _FIELDS and all(map(bytes.isdigit, fields[1:4]))  # the simulator reads records, too
    if begin + length > end or not kind.match(content) or not has_fields:
        return None
    return segment_reader._Record(fields, crc32(content), at, begin + length)


_FIELDS = 6
"""Kind, position, epoch, version, stream and content."""


@mutation("appends-are-not-read-again", "a start reads the database and no segment", journal, "recover")
def _recover_nothing(segments: Segments, filled: LogPlace, _last: int) -> Recovered:
    return Recovered([], [], max([filled.segment, *segments.numbers()]) + 1)


@mutation("writes-before-the-tail", "a transaction does not bring in the tail first", JournalConnection, "writing")
def _write_before_tail(
    self: JournalConnection, most_batches: int | None = None, original: Any = JournalConnection.writing
) -> Any:
    return original(self, 0 if most_batches is None else most_batches)


@mutation("a-refused-append-stays", "what a failed append has written is not cut off", AppendLog, "_cut")
def _do_not_cut(self: AppendLog) -> None:
    self._size = len(self._segments.read(self.newest))
    self._must_cut = False


register(
    "old-appends-are-not-synced",
    "a start relies on appends that the process before it has not synced",
    AppendLog,
    "_sync_tail",
    returning(None),
)


@mutation("appends-are-not-synced", "an append returns before it is synced", AppendLog, "_write")
def _write_without_sync(self: AppendLog, data: bytes) -> None:
    if self._segments.write(data) < len(data):
        raise OSError("the disk is full")
