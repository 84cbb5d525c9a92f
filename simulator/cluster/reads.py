"""What a simulated main server has that serves reads only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.house import House
from server.journal import Journal
from server.refusing_committer import RefusingCommitter, still_time
from server.streams import Streams
from wire.errors import TicTacToeError


@dataclass(frozen=True)
class Reads:
    """What is shown, and where commands go meanwhile."""

    house: House
    committer: RefusingCommitter

    @classmethod
    def of(cls, journal: Journal, streams: Streams, clock: Callable[[], float], error: TicTacToeError) -> Reads:
        """The reads of a journal as it is now; commands are refused with ``error``."""
        house = House(streams, journal, lambda _room: None, clock, still_time())
        house.load()
        return cls(house, RefusingCommitter(streams, house, error))
