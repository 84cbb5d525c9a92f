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
from server.runtime.effects import Effects
from server.runtime.failpoints import Failpoints
from server.runtime.procedures import Host


class Alone:
    """Replication without a replica: entries are committed once the own journal has them."""

    epoch = 1

    def replicate(self, _entries: Sequence[Entry]) -> Effects[bool]:
        return True
        yield


def commit_of(streams: Streams, store: RoomStore, journal: Journal, replication: Any = None) -> Commit:
    """The commits of a store, written to its journal."""
    return Commit(streams, store, journal, replication or Alone(), Failpoints(""), store.context)


def committer_of(
    streams: Streams, store: RoomStore, journal: Journal, host: Host, replication: Any = None
) -> Committer:
    """A committer of these commits, which must not fail."""
    return Committer(commit_of(streams, store, journal, replication), host, step_down=pytest.fail)
