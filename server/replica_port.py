"""What a main server asks of the replica, over the wire: each message typed on this side of it.

``copy_keeper`` is the other side. One thread at a time; the errors are those of ``wire.rpc.Remote.call``, and Fenced
when the replica obeys another main server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from server.entries import Entry, Mark, Office, Snapshot, StreamCopy
from server.takeover import Standing
from wire import PEER
from wire.rpc import Address, Remote

PIECE = 200
"""Snapshots and entries, or streams, in one message."""


class ReplicaPort:
    """One connection to the replica."""

    def __init__(self, address: Address, key: bytes, *, timeout_s: float) -> None:
        self._remote = Remote(address, PEER, key=key)
        self._timeout_s = timeout_s

    def standing(self) -> Standing:
        """Whom the replica obeys and where its copy ends."""
        answer = self._call("standing")
        return Standing(Office(*answer["office"]), Mark(*answer["last"]))

    def take_office(self, office: Office) -> None:
        """Make the replica obey this office alone."""
        self._call("take_office", *office)

    def attach(self, office: Office) -> Mark:
        """Begin to send; where the replica's copy ends."""
        return Mark(*self._call("attach", *office))

    def append(self, office: Office, previous: Mark, snapshots: Sequence[Snapshot], entries: Sequence[Entry]) -> Mark:
        """Send what follows on ``previous``; where the copy ends now, which tells whether it was taken."""
        return Mark(*self._call("append", *office, previous, snapshots, entries))

    def begin_copy(self, office: Office) -> None:
        """The whole journal is going to come, in pieces."""
        self._call("begin_copy", *office)

    def add_to_copy(self, office: Office, copies: Sequence[StreamCopy]) -> None:
        """A piece of it."""
        self._call("add_to_copy", *office, copies)

    def end_copy(self, office: Office, last: Mark) -> Mark:
        """That was all, up to ``last``: replace the old copy by it."""
        return Mark(*self._call("end_copy", *office, last))

    def forget(self, office: Office, streams: Sequence[str]) -> None:
        """These streams are of rooms closed long ago and can go."""
        self._call("forget", *office, streams)

    def copies(self) -> Iterator[StreamCopy]:
        """The replica's copy of every stream."""
        after = ""
        while page := [copy_from(plain) for plain in self._call("copies", after, PIECE)]:
            yield from page
            after = page[-1].stream

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        self._remote.close()

    def _call(self, method: str, *arguments: object) -> Any:
        return self._remote.call(method, *arguments, timeout_s=self._timeout_s)


def copy_from(plain: Any) -> StreamCopy:
    """The stream's copy as it came over the wire."""
    stream, snapshot, entries = plain
    return StreamCopy(
        stream, None if snapshot is None else Snapshot(*snapshot), tuple(Entry(*entry) for entry in entries)
    )
