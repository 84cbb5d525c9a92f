"""The messages from a main server to the replica: each is a typed procedure with one remote call;
``copies`` has many.

``replica_service`` is the other side, and ``link`` sends. A message raises the errors of ``ReplicaLink.call``, and
Fenced when the replica obeys another main server. Some remote methods have older names than the functions here
(``standing``, ``take_office``); they are contracts, see ``docs/glossary.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.log.entries import BEFORE_ALL, Entry, Epoch, EpochStart, LogEnd, LogId, Snapshot, StreamCopy
from server.log.mending import Holes
from server.replication.takeover_rules import ReplicaState
from server.runtime.effects import Effects, RemoteCall


def state(own_end: LogEnd) -> Effects[ReplicaState]:
    """Return the replica's epoch, where its copy ends, and whether that copy has all of a log with this end."""
    answer = yield RemoteCall("standing", own_end)
    return ReplicaState(Epoch(*answer["office"]), LogEnd(*answer["last"]), answer["has_own"])


def promise(epoch: Epoch) -> Effects[None]:
    """Make the replica obey only this epoch."""
    yield RemoteCall("take_office", epoch)


def attach(epoch: Epoch) -> Effects[LogEnd]:
    """Announce this primary's epoch; return where the replica's copy ends."""
    return LogEnd(*(yield RemoteCall("attach", epoch)))


def forgotten_at() -> Effects[int]:
    """Return the position at which the replica's copy ended when streams were last deleted from it."""
    position: int = yield RemoteCall("forgotten_at", ())
    return position


def append(
    epoch: Epoch, previous: LogId, snapshots: Sequence[Snapshot], entries: Sequence[Entry], terms: Sequence[EpochStart]
) -> Effects[LogEnd]:
    """Send what follows on ``previous``, with the terms that begin there.

    Returns where the copy ends now. That shows whether the replica stored the entries.
    """
    return LogEnd(*(yield RemoteCall("append", (*epoch, previous, snapshots, entries, terms))))


def begin_copy(epoch: Epoch, copy: int) -> Effects[None]:
    """Announce the whole journal in pieces. ``copy`` is a number that identifies it within this epoch."""
    yield RemoteCall("begin_copy", (*epoch, copy))


def add_to_copy(epoch: Epoch, copy: int, piece: int, copies: Sequence[StreamCopy]) -> Effects[None]:
    """Send a piece of that copy, numbered from 0."""
    yield RemoteCall("add_to_copy", (*epoch, copy, piece, copies))


def end_copy(epoch: Epoch, copy: int, pieces: int, last: LogId, terms: Sequence[EpochStart]) -> Effects[LogEnd]:
    """End that copy of ``pieces`` pieces, up to ``last``, with these terms: it replaces the replica's old copy."""
    return LogEnd(*(yield RemoteCall("end_copy", (*epoch, copy, pieces, last, terms))))


def forget(epoch: Epoch, streams: Sequence[str]) -> Effects[None]:
    """Delete these streams of rooms that were closed long ago."""
    yield RemoteCall("forget", (*epoch, streams))


def drop_after_gaps(epoch: Epoch) -> Effects[Sequence[str]]:
    """Make the replica drop the entries after missing events; return the streams in which it did so."""
    streams: Sequence[str] = yield RemoteCall("drop_after_gaps", epoch)
    return streams


def terms() -> Effects[list[EpochStart]]:
    """Return the epoch history of the replica's copy."""
    return [EpochStart(*term) for term in (yield RemoteCall("terms", ()))]


def rows(epoch: Epoch, holes: Holes) -> Effects[StreamCopy]:
    """Return the replica's rows in the place of those that are damaged or missing here."""
    return copy_from((yield RemoteCall("rows_of", (*epoch, *holes))))


def damage(epoch: Epoch) -> Effects[list[Holes]]:
    """Return what is damaged or missing in some streams of the replica's copy."""
    return [Holes(stream, tuple(versions), *rest) for stream, versions, *rest in (yield RemoteCall("damage", epoch))]


def mend(epoch: Epoch, rows: StreamCopy, *, complete: bool) -> Effects[None]:
    """Send rows for damaged rows of the replica. ``complete``: no more follow for this stream now."""
    yield RemoteCall("mend", (*epoch, [rows], complete))


def copies(piece_bytes: int) -> Effects[list[StreamCopy]]:
    """Return the replica's copy of every stream. ``piece_bytes`` is the approximate size of one message."""
    found: list[StreamCopy] = []
    after = BEFORE_ALL
    while parts := [copy_from(plain) for plain in (yield RemoteCall("copies", (*after, piece_bytes)))]:
        for part in parts:
            if found and found[-1].stream == part.stream:
                found[-1] = found[-1].and_then(part)
            else:
                found.append(part)
        after = parts[-1].place
    return found


def copy_from(plain: Any) -> StreamCopy:
    """Return the ``StreamCopy`` of a value from the wire."""
    stream, snapshot, entries = plain
    return StreamCopy(
        stream, None if snapshot is None else Snapshot(*snapshot), tuple(Entry(*entry) for entry in entries)
    )
