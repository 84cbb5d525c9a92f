"""What a main server says to the replica: each message typed, as a conversation of one question.

``copy_keeper`` is the other side; ``replica_line`` sends. The errors are those of ``wire.rpc.Remote.call``, and Fenced
when the replica obeys another main server.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.conversation import Ask, Conversation
from server.entries import BEFORE_ALL, Entry, Mark, Office, Snapshot, StreamCopy
from server.takeover import Standing


def standing() -> Conversation[Standing]:
    """Whom the replica obeys and where its copy ends."""
    answer = yield Ask("standing", ())
    return Standing(Office(*answer["office"]), Mark(*answer["last"]))


def take_office(office: Office) -> Conversation[None]:
    """Make the replica obey this office alone."""
    yield Ask("take_office", office)


def attach(office: Office) -> Conversation[Mark]:
    """Begin to send; where the replica's copy ends."""
    return Mark(*(yield Ask("attach", office)))


def append(
    office: Office, previous: Mark, snapshots: Sequence[Snapshot], entries: Sequence[Entry]
) -> Conversation[Mark]:
    """Send what follows on ``previous``; where the copy ends now, which tells whether it was taken."""
    return Mark(*(yield Ask("append", (*office, previous, snapshots, entries))))


def begin_copy(office: Office, copy: int) -> Conversation[None]:
    """The whole journal is going to come, in pieces; ``copy`` tells it from others of this office."""
    yield Ask("begin_copy", (*office, copy))


def add_to_copy(office: Office, copy: int, piece: int, copies: Sequence[StreamCopy]) -> Conversation[None]:
    """A piece of it, numbered from 0."""
    yield Ask("add_to_copy", (*office, copy, piece, copies))


def end_copy(office: Office, copy: int, pieces: int, last: Mark) -> Conversation[Mark]:
    """That was all, so many pieces, up to ``last``: replace the old copy by it."""
    return Mark(*(yield Ask("end_copy", (*office, copy, pieces, last))))


def forget(office: Office, streams: Sequence[str]) -> Conversation[None]:
    """These streams are of rooms closed long ago and can go."""
    yield Ask("forget", (*office, streams))


def copies(piece_bytes: int) -> Conversation[list[StreamCopy]]:
    """The replica's copy of every stream; ``piece_bytes``: about how much comes in one message."""
    found: list[StreamCopy] = []
    after = BEFORE_ALL
    while parts := [copy_from(plain) for plain in (yield Ask("copies", (*after, piece_bytes)))]:
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
