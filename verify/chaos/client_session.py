"""The base class of all clients in a chaos run: one thread whose calls are recorded."""

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

EXPECTED_ERRORS = (Unreachable, NotReady, Busy, StorageFailed, Fenced)
"""The errors that a client may get during faults. It then retries."""


@dataclass(frozen=True)
class ClientSpec:
    """Which client to run.

    ``part`` is "owner", "guest" or "watcher" at a table, or "match player": a client without a table, which seeks
    matches.
    """

    name: str
    table: str
    part: str


@dataclass
class ClientSession:
    """A client, from a start of its process to the end.

    ``client`` names it in the history. Once ``finishing`` is set, it plays running games to the end and begins no
    others.
    """

    spec: ClientSpec
    cluster: Cluster
    player: Player
    recorder: HistoryWriter
    client: str
    rng: random.Random
    finishing: threading.Event

    def attempt(self, action: Callable[[], None], *, pause_s: float) -> None:
        """Run ``action``, then pause for about ``pause_s`` seconds.

        Expected errors end ``action`` early; an unexpected error is recorded as a surprise.
        """
        try:
            action()
        except EXPECTED_ERRORS:
            pass  # the call is recorded as unanswered
        except TicTacToeError as error:
            self.recorder.record_surprise(self.client, f"{error.code}: {error.message}")
        except Exception as error:
            self.recorder.record_surprise(self.client, f"unexpected error in the client: {error!r}")
        self.pause(pause_s)

    def pause(self, about_s: float) -> None:
        """Pause for about that many seconds."""
        time.sleep(self.rng.uniform(0.5, 1.5) * about_s)
