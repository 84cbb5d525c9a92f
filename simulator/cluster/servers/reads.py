"""What a simulated main server has that serves reads only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.commit.refusing_committer import RefusingCommitter, still_time
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.rooms.room_store import RoomStore
from wire.errors import TicTacToeError


@dataclass(frozen=True)
class Reads:
    """What is shown, and where commands go meanwhile."""

    house: RoomStore
    committer: RefusingCommitter

    @classmethod
    def of(cls, journal: Journal, streams: Streams, clock: Callable[[], float], error: TicTacToeError) -> Reads:
        """The reads of a journal as it is now; commands are refused with ``error``."""
        house = RoomStore(streams, journal, lambda _room: None, clock, still_time())
        house.load()
        return cls(house, RefusingCommitter(streams, house, error))
