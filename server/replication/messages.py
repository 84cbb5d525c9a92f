"""What a main server says to the replica: each message typed, as a conversation of one question.

``replica_service`` is the other side; ``replica_connection`` sends. The errors are those of ``wire.rpc.Remote.call``,
and Fenced when the replica obeys another main server.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.log.entries import BEFORE_ALL, Entry, Epoch, EpochStart, LogEnd, LogId, Snapshot, StreamCopy
from server.log.mending import Holes
from server.replication.takeover_rules import ReplicaState
from server.runtime.effects import Conversation, RemoteCall


def standing(own_end: LogEnd) -> Conversation[ReplicaState]:
    """Which office the replica obeys, where its copy ends, and whether that copy has all of a log with this end."""
    answer = yield RemoteCall("standing", own_end)
    return ReplicaState(Epoch(*answer["office"]), LogEnd(*answer["last"]), answer["has_own"])


def take_office(office: Epoch) -> Conversation[None]:
    """Make the replica obey this office alone."""
    yield RemoteCall("take_office", office)


def attach(office: Epoch) -> Conversation[LogEnd]:
    """Begin to send; where the replica's copy ends."""
    return LogEnd(*(yield RemoteCall("attach", office)))


def append(
    office: Epoch, previous: LogId, snapshots: Sequence[Snapshot], entries: Sequence[Entry], terms: Sequence[EpochStart]
) -> Conversation[LogEnd]:
    """Send what follows on ``previous``, with the terms that begin there; where the copy ends now, which shows whether
    it was taken.
    """
    return LogEnd(*(yield RemoteCall("append", (*office, previous, snapshots, entries, terms))))


def begin_copy(office: Epoch, copy: int) -> Conversation[None]:
    """The whole journal is going to come, in pieces; ``copy`` tells it from others of this office."""
    yield RemoteCall("begin_copy", (*office, copy))


def add_to_copy(office: Epoch, copy: int, piece: int, copies: Sequence[StreamCopy]) -> Conversation[None]:
    """A piece of it, numbered from 0."""
    yield RemoteCall("add_to_copy", (*office, copy, piece, copies))


def end_copy(office: Epoch, copy: int, pieces: int, last: LogId, terms: Sequence[EpochStart]) -> Conversation[LogEnd]:
    """That was all, so many pieces, up to ``last``, with these terms: replace the old copy by it."""
    return LogEnd(*(yield RemoteCall("end_copy", (*office, copy, pieces, last, terms))))


def forget(office: Epoch, streams: Sequence[str]) -> Conversation[None]:
    """These streams are of rooms closed long ago and can go."""
    yield RemoteCall("forget", (*office, streams))


def drop_after_gaps(office: Epoch) -> Conversation[Sequence[str]]:
    """Make the replica drop what follows on events that it lacks; the streams in which it did."""
    streams: Sequence[str] = yield RemoteCall("drop_after_gaps", office)
    return streams


def terms() -> Conversation[list[EpochStart]]:
    """The terms of the replica's copy."""
    return [EpochStart(*term) for term in (yield RemoteCall("terms", ()))]


def rows(office: Epoch, holes: Holes) -> Conversation[StreamCopy]:
    """What the replica has of the rows that are damaged or missing here."""
    return copy_from((yield RemoteCall("rows_of", (*office, *holes))))


def damage(office: Epoch) -> Conversation[list[Holes]]:
    """What is damaged or missing in some streams of the replica's copy."""
    return [Holes(stream, tuple(versions), *rest) for stream, versions, *rest in (yield RemoteCall("damage", office))]


def mend(office: Epoch, rows: StreamCopy, *, complete: bool) -> Conversation[None]:
    """Put these rows where the replica's are damaged; ``complete``: it gets no more for this stream now."""
    yield RemoteCall("mend", (*office, [rows], complete))


def copies(piece_bytes: int) -> Conversation[list[StreamCopy]]:
    """The replica's copy of every stream; ``piece_bytes``: about how much comes in one message."""
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
    """The stream's copy as it came over the wire."""
    stream, snapshot, entries = plain
    return StreamCopy(
        stream, None if snapshot is None else Snapshot(*snapshot), tuple(Entry(*entry) for entry in entries)
    )
