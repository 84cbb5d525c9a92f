"""Mending one copy of the log from the other: what the main server does while the replica is in step.

Held with the commit turn, so both logs end at the same place and stand still: rows of the same version are the same in
both. Nothing of the log is rewritten; only rows that are damaged or missing are put where they were.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from server.log.entries import Epoch, Snapshot, StreamCopy
from server.log.journal.compaction import Compactor
from server.log.journal.journal import Journal
from server.log.mending import Holes, filled, holes_of, lacks, rows_for, settled
from server.log.streams import Streams
from server.replication import messages
from server.runtime.effects import Conversation
from server.runtime.retries import Retries

AT_ONCE = 10
"""Streams that are mended in one turn: commands wait meanwhile."""
VERSIONS_AT_ONCE = 100


class Repair:
    """Mends the own journal from the replica's copy, and that from the own journal."""

    def __init__(
        self,
        journal: Journal,
        compactor: Compactor,
        streams: Streams,
        *,
        in_memory: Callable[[str], Any],
        mended: Callable[[str], None],
        replica_is_damaged: Callable[[], bool],
    ) -> None:
        """``in_memory`` gives the committed state of a stream, or None; ``mended`` is called with every stream of the
        own journal that can be read again; ``replica_is_damaged`` is what the replica reported last.
        """
        self._journal = journal
        self._compactor = compactor
        self._streams = streams
        self._in_memory = in_memory
        self._mended = mended
        self._replica_is_damaged = replica_is_damaged
        self.retries = Retries("damage cannot be mended")

    @property
    def is_needed(self) -> bool:
        """Whether a row of either copy waits to be mended."""
        return bool(self._journal.damage.waiting) or self._replica_is_damaged()

    def mend_some(self, office: Epoch) -> Conversation[None]:
        """Mend a few streams of both copies. Raises StorageFailed, and what a call of the replica raises."""
        for stream in self._journal.damage.waiting[:AT_ONCE]:
            # No snapshot is taken of what is being replaced; nobody else waits for this lock.
            with self._compactor.standing_still():
                yield from self._mend_own(office, stream)
        if self._replica_is_damaged():
            for holes in (yield from messages.damage(office)):
                rows = rows_for(self._journal.copy(holes.stream), holes)
                yield from messages.mend(office, rows, complete=len(holes.versions) < VERSIONS_AT_ONCE)
        self.retries.succeeded()

    def _mend_own(self, office: Epoch, stream: str) -> Conversation[None]:
        copy = self._journal.copy(stream)
        for holes in _in_pieces(lacks(copy)):
            copy = filled(copy, (yield from messages.rows(office, holes)))
        mended = put_in_order(copy, self._streams, self._in_memory(stream))
        put(self._journal, mended)
        if holes_of(mended) is None:
            self._mended(stream)


def put_in_order(copy: StreamCopy, streams: Streams, state: Any = None) -> StreamCopy:
    """The copy with what is left to do for rows that the other copy does not have: a snapshot of the ``state`` that is
    in memory stands for them; or else they may be able to go.
    """
    kind = streams.kind_of(copy.stream)
    last = copy.entries[-1] if copy.entries else None
    known = state is not None and last is not None and last.version == state.version
    if known and last is not None and not kind.keeps_events and holes_of(copy) is not None:
        body = kind.write_state(state)
        copy = copy._replace(snapshot=Snapshot(last.position, last.epoch, copy.stream, last.version, body))
    return settled(copy, keeps_events=kind.keeps_events)


def put(journal: Journal, mended: StreamCopy) -> None:
    """Write a stream that was mended as far as that is possible, and note what came of it."""
    journal.replace(mended)
    if holes_of(mended) is None:
        journal.damage.mend(mended.stream)
    else:
        journal.damage.lose(mended.stream)


def _in_pieces(holes: Holes) -> Sequence[Holes]:
    """The same in questions of a bounded size, at least one."""
    starts = range(0, max(1, len(holes.versions)), VERSIONS_AT_ONCE)
    return [
        holes._replace(versions=holes.versions[at : at + VERSIONS_AT_ONCE], snapshot=holes.snapshot and not at)
        for at in starts
    ]
