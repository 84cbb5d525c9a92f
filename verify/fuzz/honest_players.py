"""The honest players: rooms with two players and a spectator, during calm and attack.

Their histories are checked. The duration of each move is recorded by the phase in which it was acknowledged.
"""

from __future__ import annotations

import random
import threading
from collections import defaultdict

from client.bot import PlayedMove
from client.cluster import Cluster
from verify.history.guarantees import Findings, check
from verify.testbed.bot_tables import BotTables

PACE_S = 0.01
WARM_UP = "warm-up"


class HonestPlayers:
    """Honest players at work until ``end``."""

    def __init__(self, cluster: Cluster, rooms: int, seed: int) -> None:
        self.names: list[str] = []
        self.latencies_ms: dict[str, list[float]] = defaultdict(list)
        """By phase: the durations of the moves that were acknowledged in it, in milliseconds."""
        self.phase = WARM_UP
        # Protects ``latencies_ms``: the bots' threads append to it.
        self._lock = threading.Lock()
        self._tables = BotTables(pace_s=PACE_S, on_move=self._note)
        for number in range(1, rooms + 1):
            a, b, w = (f"honest{number}-{letter}" for letter in "abw")
            self.names += (a, b, w)
            rng = random.Random(f"{seed}/honest/{number}")
            self._tables.open(cluster, f"Honest {number}", (a, b, w), ("random",), rng)

    @property
    def rooms(self) -> list[str]:
        """Return the ids of their rooms."""
        return [room.id for room in self._tables.rooms]

    @property
    def client_errors(self) -> list[str]:
        """Return the errors of clients that gave up."""
        return self._tables.client_errors

    def end(self) -> tuple[Findings, list[str]]:
        """Stop playing and account for every move.

        Return the findings, and the changes in their rooms that they did not make.
        """
        self._tables.end()
        histories = self._tables.histories
        foreign_changes = [
            f"{room}: {event} is not by a player of this room"
            for room, history in histories.items()
            for _, event in history.final
            if event.by not in self.names
        ]
        return check(histories, complete=False), foreign_changes

    def _note(self, move: PlayedMove) -> None:
        with self._lock:
            self.latencies_ms[self.phase].append((move.accepted_at - move.sent_at) * 1000)
