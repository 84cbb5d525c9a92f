"""Repairs one copy of the log from the other. The main server runs it while the replica is in sync.

The commit lock is held. So both logs end at the same position and do not change, and rows of the same version are
equal. A repair rewrites no sound row: it only replaces rows that are damaged or missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from server.log.entries import Epoch, Snapshot, StreamCopy
from server.log.journal.compaction import Compactor
from server.log.journal.journal import Journal
from server.log.mending import Holes, filled, holes_of, lacks, rows_for, without_unneeded_rows
from server.log.streams import Streams
from server.replication import messages
from server.runtime.effects import Effects
from server.runtime.retries import Retries

AT_ONCE = 10
"""Streams that are repaired while the commit lock is held once; commands wait meanwhile."""
VERSIONS_AT_ONCE = 100


class Repair:
    """The primary's side: repairs both journals, each from the other."""

    def __init__(
        self,
        journal: Journal,
        compactor: Compactor,
        streams: Streams,
        *,
        in_memory: Callable[[str], Any],
        on_repaired: Callable[[str], None],
        replica_is_damaged: Callable[[], bool],
    ) -> None:
        """``in_memory`` returns the committed state of a stream, or None.
        ``on_repaired`` is called with each stream of the own journal that can be read again.
        ``replica_is_damaged`` returns what the replica reported last.
        """
        self._journal = journal
        self._compactor = compactor
        self._streams = streams
        self._in_memory = in_memory
        self._on_repaired = on_repaired
        self._replica_is_damaged = replica_is_damaged
        self.retries = Retries("repair failed")

    @property
    def is_needed(self) -> bool:
        """Whether a row of either copy waits for repair."""
        return bool(self._journal.damage.waiting) or self._replica_is_damaged()

    def repair_some(self, epoch: Epoch) -> Effects[None]:
        """Repair a few streams of both copies. Raises StorageFailed and the errors of a call of the replica."""
        for stream in self._journal.damage.waiting[:AT_ONCE]:
            # No snapshot must be taken of rows that are being replaced. Nothing else waits for this lock.
            yield from self._compactor.while_paused(self._repair_own(epoch, stream))
        if self._replica_is_damaged():
            for holes in (yield from messages.damage(epoch)):
                rows = rows_for(self._journal.copy(holes.stream), holes)
                yield from messages.mend(epoch, rows, complete=len(holes.versions) < VERSIONS_AT_ONCE)
        self.retries.succeeded()

    def _repair_own(self, epoch: Epoch, stream: str) -> Effects[None]:
        copy = self._journal.copy(stream)
        for holes in _in_pieces(lacks(copy)):
            copy = filled(copy, (yield from messages.rows(epoch, holes)))
        repaired = without_lost_rows(copy, self._streams, self._in_memory(stream))
        write_repaired(self._journal, repaired)
        if holes_of(repaired) is None:
            self._on_repaired(stream)


class ReplicaRepair:
    """The replica's side of a repair: which damage it reports, and what it does with the rows that it receives."""

    def __init__(self, journal: Journal, streams: Streams) -> None:
        self._journal = journal
        self._streams = streams
        # For streams with too much damage for one message: the last version that was requested.
        self._requested: dict[str, int] = {}
        # For the same streams: the version up to which the main server answered. The next request starts after it.
        self._answered: dict[str, int] = {}

    def begin(self) -> None:
        """Report all damage again: another primary may have rows that the last one lacked."""
        self._journal.damage.retry_all()
        self._answered.clear()

    def damage(self) -> list[Holes]:
        """Return what is damaged or missing in at most ``AT_ONCE`` streams."""
        return [self._next_holes(stream) for stream in self._journal.damage.waiting[:AT_ONCE]]

    def _next_holes(self, stream: str) -> Holes:
        """Return what to request next for a stream.

        Versions that the main server lacks too are not requested again and again.
        """
        holes = lacks(self._journal.copy(stream))
        versions = [version for version in holes.versions if version > self._answered.get(stream, 0)]
        found = holes._replace(versions=tuple(versions[:VERSIONS_AT_ONCE]))
        self._requested[stream] = max(found.versions, default=0)
        return found

    def write(self, copies: Sequence[StreamCopy], *, complete: bool) -> None:
        """Write these rows where own rows are damaged. ``complete``: what is still damaged then is lost.

        Rows of a stream that was repaired or deleted meanwhile change nothing.
        """
        for theirs in copies:
            if theirs.stream not in self._journal.damage:
                continue
            own = self._journal.copy(theirs.stream)
            repaired = filled(own, theirs)
            requested = self._requested.pop(theirs.stream, 0)
            if complete:
                self._answered.pop(theirs.stream, None)
                write_repaired(self._journal, without_lost_rows(repaired, self._streams))
                continue
            self._answered[theirs.stream] = max(requested, self._answered.get(theirs.stream, 0))
            if repaired != own:
                self._journal.replace(repaired)


def without_lost_rows(copy: StreamCopy, streams: Streams, state: Any = None) -> StreamCopy:
    """Return the copy without damaged rows that neither copy has whole and that a snapshot makes unneeded.

    If ``state`` has the stream's last version and the stream need not keep its events, a snapshot of it replaces those
    rows. Otherwise ``without_unneeded_rows`` drops the rows that may go.
    """
    kind = streams.kind_of(copy.stream)
    last = copy.entries[-1] if copy.entries else None
    known = state is not None and last is not None and last.version == state.version
    if known and last is not None and not kind.keeps_events and holes_of(copy) is not None:
        body = kind.write_state(state)
        copy = copy._replace(snapshot=Snapshot(last.position, last.epoch, copy.stream, last.version, body))
    return without_unneeded_rows(copy, keeps_events=kind.keeps_events)


def write_repaired(journal: Journal, repaired: StreamCopy) -> None:
    """Write a stream that was repaired as far as possible, and record whether it is sound or lost."""
    journal.replace(repaired)
    if holes_of(repaired) is None:
        journal.damage.mark_repaired(repaired.stream)
    else:
        journal.damage.mark_lost(repaired.stream)


def _in_pieces(holes: Holes) -> Sequence[Holes]:
    """Split ``holes`` into requests of bounded size; return at least one."""
    starts = range(0, max(1, len(holes.versions)), VERSIONS_AT_ONCE)
    return [
        holes._replace(versions=holes.versions[at : at + VERSIONS_AT_ONCE], snapshot=holes.snapshot and not at)
        for at in starts
    ]
