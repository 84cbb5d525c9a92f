"""The replication server's copy of the log: the shell around ``replica``.

Each remote method is a message from a main server; ``messages`` has the sending side. The journal stores a message's
content before the message is acknowledged.

The methods belong to the thread of the server's event loop, so one message at a time is processed. Long work is done
apart from the loop, by a procedure. Until it ends, ``GuardedCopy`` refuses other messages with NotReady, because the
journal changes meanwhile. It refuses messages of a fenced main server with Fenced all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from game.context import Limits
from server.log import message_checks
from server.log.entries import FARTHEST, Entry, Epoch, EpochStart, LogEnd, LogId, Snapshot, StreamCopy, StreamCursor
from server.log.journal.compaction import Compactor
from server.log.journal.journal import Journal
from server.log.mending import Holes, rows_for
from server.log.streams import Streams
from server.process.base_api import PeerApi
from server.process.server_process import ServerProcess
from server.replication import replica
from server.replication.guarded_copy import GuardedCopy
from server.replication.repair import VERSIONS_AT_ONCE, ReplicaRepair
from server.replication.scrub import Scrub, readings_of_copy
from server.runtime.effects import Effects, no_effects
from server.runtime.failpoints import Failpoints
from server.telemetry import metrics
from server.telemetry.metrics import Reading
from wire.arguments import remote, sequence, text, whole, yes_or_no
from wire.errors import NotReady

_NUMBER = whole(0, FARTHEST)
_SENDER = {"epoch": _NUMBER, "holder": text(longest=64, shortest=1)}
"""The checks of the first two arguments of a primary's message: its epoch and holder."""


class ReplicaService(PeerApi):
    """Stores what the primary sends, and gives the copy to the next primary."""

    def __init__(self, process: ServerProcess, journal: Journal, compactor: Compactor, faults: Failpoints) -> None:
        super().__init__(process)
        self._journal = journal
        self._compactor = compactor
        self._copy = GuardedCopy(journal, compactor, faults)
        self.scrub: Scrub | None = None
        self._incoming: tuple[int, int] | None = None  # the number of the incoming copy, and its next piece
        self._repair = ReplicaRepair(journal, Streams(Limits()))  # reading streams does not depend on limits

    def probe(self) -> Effects[bool]:
        """Return True. Raises NotReady if work on the copy takes longer than ``LONGEST_WORK_S``."""
        yield from no_effects()
        self._copy.check_progress()
        return True

    def more_status(self) -> dict[str, object]:
        scrub = {} if self.scrub is None else self.scrub.as_plain()
        status = {"epoch": self._journal.epoch.number, "position": self._journal.last.position}
        return {**status, "damage": self._journal.damage.as_plain(), "scrub": scrub}

    def readings(self) -> Iterator[Reading]:
        """Yield the metrics of the replication server."""
        yield Reading(metrics.EPOCH, self._journal.epoch.number)
        yield Reading(metrics.POSITION, self._journal.last.position)
        yield from readings_of_copy(self._journal.damage, self.scrub)

    def more_beat(self) -> dict[str, object]:
        return {"damaged": bool(self._journal.damage.waiting)}

    @remote(epoch=_NUMBER, position=_NUMBER, holder=text(longest=64))
    def standing(self, epoch: int, position: int, holder: str) -> dict[str, object]:
        """Return the epoch that this copy obeys, its last log id, and ``has_own``.

        ``has_own``: this copy begins with the whole log that ends at the given log id. Raises NotReady.
        """
        self._copy.check_idle()
        has_own = self._journal.terms.contain(LogEnd(epoch, position, holder), self._journal.last)
        return {"office": self._journal.epoch, "last": self._journal.end, "has_own": has_own}

    @remote(**_SENDER)
    def take_office(self, epoch: int, holder: str) -> None:
        """Obey only this epoch from now on.

        Raises Fenced unless it is higher than every earlier epoch, and NotReady.
        """
        self._copy.promise(Epoch(epoch, holder))

    @remote(**_SENDER)
    def attach(self, epoch: int, holder: str) -> LogEnd:
        """Obey this epoch if it is higher than the present one, and return where the copy ends.

        Raises Fenced if it is lower, or if another server has it, and NotReady.
        """
        self._copy.attach(epoch, holder)
        self._repair.begin()
        return self._journal.end

    @remote()
    def forgotten_at(self) -> int:
        """Return the position at which this copy ended when streams were last deleted from it. Raises NotReady."""
        self._copy.check_idle()
        return self._journal.forgotten_at

    @remote(
        **_SENDER,
        previous=message_checks.log_id,
        snapshots=message_checks.snapshots,
        entries=message_checks.entries,
        terms=message_checks.terms,
    )
    def append(
        self,
        epoch: int,
        holder: str,
        previous: LogId,
        snapshots: Sequence[Snapshot],
        entries: Sequence[Entry],
        terms: Sequence[EpochStart],
    ) -> LogEnd | Effects[LogEnd]:
        """Write what follows on ``previous``, and return where the copy ends now. Raises Fenced and NotReady."""
        sender = self._copy.obey(epoch, holder)
        message_checks.follow(previous, sender.number, (*snapshots, *entries), terms)
        last = replica.end_after(self._journal.last, previous, snapshots, entries)
        if last is None:
            return self._journal.end
        write = partial(self._write, snapshots, entries, last, terms)
        return self._copy.change(write) if snapshots else write()

    def _write(
        self, snapshots: Sequence[Snapshot], entries: Sequence[Entry], last: LogId, terms: Sequence[EpochStart]
    ) -> LogEnd:
        self._journal.receive(snapshots, entries, last, terms)
        self._compactor.count_entries(entries)
        return self._journal.end

    @remote(**_SENDER, copy=_NUMBER)
    def begin_copy(self, epoch: int, holder: str, copy: int) -> None:
        """Begin to receive a whole copy. The old copy stays valid until the new one is complete.

        Raises Fenced and NotReady.
        """
        self._copy.obey(epoch, holder)
        self._journal.begin_copy()
        self._incoming = (copy, 0)

    @remote(**_SENDER, copy=_NUMBER, piece=_NUMBER, copies=message_checks.copies)
    def add_to_copy(self, epoch: int, holder: str, copy: int, piece: int, copies: Sequence[StreamCopy]) -> None:
        """Add a piece to the incoming copy. Raises Fenced, and NotReady if it is not the next piece."""
        self._copy.obey(epoch, holder)
        self._check_next_piece(copy, piece)
        self._journal.add_to_copy(
            [piece.snapshot for piece in copies if piece.snapshot is not None],
            [entry for piece in copies for entry in piece.entries],
        )
        self._incoming = (copy, piece + 1)

    @remote(**_SENDER, copy=_NUMBER, pieces=_NUMBER, last=message_checks.log_id, terms=message_checks.terms)
    def end_copy(
        self, epoch: int, holder: str, copy: int, pieces: int, last: LogId, terms: Sequence[EpochStart]
    ) -> Effects[LogEnd]:
        """Replace the old copy by the incoming copy, which has ``pieces`` pieces and these terms and ends at ``last``.

        Raises Fenced, and NotReady when a piece is missing.
        """
        self._copy.obey(epoch, holder)
        self._check_next_piece(copy, pieces)
        self._incoming = None
        yield from self._copy.replace(lambda: self._journal.end_copy(last, terms, last.position))
        return self._journal.end

    @remote(**_SENDER)
    def drop_after_gaps(self, epoch: int, holder: str) -> Effects[list[str]]:
        """Drop the entries after missing entries; return the streams in which that was done.

        Raises Fenced and NotReady.
        """
        self._copy.obey(epoch, holder)
        return (yield from self._copy.replace(self._journal.drop_after_gaps))

    @remote(**_SENDER)
    def damage(self, epoch: int, holder: str) -> list[Any]:
        """Return what is damaged or missing in some streams.

        Each item is (stream, versions, whether the snapshot is damaged, last version). Raises Fenced and NotReady.
        """
        self._copy.obey(epoch, holder)
        return self._repair.damage()

    @remote(
        **_SENDER,
        stream=message_checks.stream,
        versions=sequence(most=VERSIONS_AT_ONCE),
        snapshot=yes_or_no,
        after=_NUMBER,
    )
    def rows_of(
        self, epoch: int, holder: str, stream: str, versions: Sequence[object], snapshot: bool, after: int
    ) -> StreamCopy:
        """Return rows for a stream that is damaged in the main server's journal.

        These are the entries of ``versions``, the entries after version ``after``, and the snapshot if ``snapshot``.
        Raises Fenced and NotReady.
        """
        self._copy.obey(epoch, holder)
        wanted = tuple(_NUMBER(version) for version in versions)
        return rows_for(self._journal.copy(stream), Holes(stream, wanted, snapshot, after))

    @remote(**_SENDER, copies=message_checks.copies, complete=yes_or_no)
    def mend(self, epoch: int, holder: str, copies: Sequence[StreamCopy], complete: bool) -> Effects[None]:
        """Write these rows where the rows of this copy are damaged.

        ``complete``: the main server has no more rows for these streams; what is still damaged then is lost. A message
        that arrives late, after its stream was repaired or deleted, changes nothing. Raises Fenced and NotReady.
        """
        self._copy.obey(epoch, holder)
        yield from self._copy.change(lambda: self._repair.write(copies, complete=complete))

    @remote(**_SENDER, streams=message_checks.streams)
    def forget(self, epoch: int, holder: str, streams: Sequence[str]) -> None:
        """Delete the streams of rooms that were closed long ago. Raises Fenced and NotReady."""
        self._copy.obey(epoch, holder)
        self._journal.forget(streams)
        self._compactor.forgotten(streams)

    @remote(after_stream=text(longest=200), after_version=_NUMBER, most_bytes=whole(1, 1 << 30))
    def copies(self, after_stream: str, after_version: int, most_bytes: int) -> Effects[list[Any]]:
        """Return the next streams of the copy, or parts of them, ordered by name.

        They begin after version ``after_version`` of ``after_stream``. Each is (stream, snapshot or None, entries).
        Raises NotReady.
        """
        self._copy.check_idle()
        after = StreamCursor(after_stream, after_version)
        return (yield from self._copy.read(lambda: self._journal.parts(after, most_bytes)))

    @remote()
    def terms(self) -> list[EpochStart]:
        """Return the epoch history of this copy. Raises NotReady."""
        self._copy.check_idle()
        return list(self._journal.terms)

    def _check_next_piece(self, copy: int, piece: int) -> None:
        """Raises NotReady unless this is the next piece.

        A message that was delayed on an old connection must not get into another copy that has begun since.
        """
        if self._incoming != (copy, piece):
            raise NotReady("that is not the next piece of the copy that is coming")
