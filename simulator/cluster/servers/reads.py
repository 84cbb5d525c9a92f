"""The parts of a simulated main server that serves only reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.commit.refusing_committer import RefusingCommitter, stopped_clock
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.rooms.room_store import RoomStore
from wire.errors import TicTacToeError


@dataclass(frozen=True)
class SimulatedReads:
    """The room store that is shown, and the committer that refuses commands."""

    store: RoomStore
    committer: RefusingCommitter

    @classmethod
    def of(
        cls, journal: Journal, streams: Streams, clock: Callable[[], float], error: TicTacToeError
    ) -> SimulatedReads:
        """Make the reads of a journal as it is now. Commands are refused with ``error``."""
        store = RoomStore(streams, journal, lambda _room: None, clock, stopped_clock())
        store.load()
        return cls(store, RefusingCommitter(streams, store, error))
