"""The log of a main server that has no replica, for tests in one process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from server.commit.commit import Commit
from server.commit.committer import Committer
from server.log.entries import Entry
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.rooms.room_store import RoomStore
from server.runtime.effects import Await, Effects
from server.runtime.failpoints import Failpoints
from server.runtime.procedures import Host
from wire.later import Later


class Alone:
    """Replication without a replica: entries are committed once the own journal has them."""

    def replicate(self, _entries: Sequence[Entry]) -> Effects[bool]:
        return True
        yield


class HeldBack(Alone):
    """Replication without a replica, which a test can hold back, and whose term a test can end."""

    def __init__(self) -> None:
        self.batches: list[list[Entry]] = []
        self.is_fenced = False
        self._held: Later | None = None

    def hold(self) -> None:
        """From now on, entries are committed only once the test lets them go."""
        self._held = Later()

    def let_go(self) -> None:
        """Commit the entries that are held back; hold no further ones back."""
        held, self._held = self._held, None
        if held is not None:
            held.answer(None)

    def replicate(self, entries: Sequence[Entry]) -> Effects[bool]:
        self.batches.append(list(entries))
        if self._held is not None:
            yield Await(self._held)
        return not self.is_fenced


def commit_of(streams: Streams, store: RoomStore, journal: Journal, replication: Any = None) -> Commit:
    """The commits of a store, written to its journal."""
    replicate = (replication or Alone()).replicate
    return Commit(streams, store, journal, replicate, Failpoints(""), store.context, epoch=1)


def committer_of(
    streams: Streams, store: RoomStore, journal: Journal, host: Host, replication: Any = None
) -> Committer:
    """A committer of these commits, which must not fail."""
    return Committer(commit_of(streams, store, journal, replication), host, step_down=pytest.fail)
