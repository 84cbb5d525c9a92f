"""What everybody is who takes part: one thread of a crowd, at a place, whose calls are recorded."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from client.cluster import Cluster
from client.player import Player
from verify.chaos.history_writer import HistoryWriter
from wire.errors import Busy, Fenced, NotReady, StorageFailed, TicTacToeError, Unreachable

FAULTS = (Unreachable, NotReady, Busy, StorageFailed, Fenced)
"""What a caller may be told while faults fall, and tries again."""


@dataclass(frozen=True)
class RoomAddress:
    """Who somebody is at which table. ``part``: "owner", "guest" or "watcher"; or "contestant", who
    has no table and asks for matches.
    """

    name: str
    table: str
    part: str


@dataclass
class ClientSession:
    """Somebody, from one start of its process to the next. ``client``: what its calls are recorded as. Once
    ``finishing`` is set, what runs is played to its end and nothing else begins.
    """

    place: RoomAddress
    cluster: Cluster
    player: Player
    recorder: HistoryWriter
    client: str
    chance: random.Random
    finishing: threading.Event

    def attempt(self, do: Callable[[], None], *, pause_s: float) -> None:
        """Do it, as far as it goes while faults fall, and wait about ``pause_s``. What it may not fail with is recorded
        as a surprise.
        """
        try:
            do()
        except FAULTS:
            pass  # the call is recorded as one without an answer
        except TicTacToeError as error:
            self.recorder.surprise(self.client, f"{error.code}: {error.message}")
        except Exception as error:
            self.recorder.surprise(self.client, f"a fault of ours: {error!r}")
        self.pause(pause_s)

    def pause(self, about_s: float) -> None:
        """Wait about that long."""
        time.sleep(self.chance.uniform(0.5, 1.5) * about_s)
