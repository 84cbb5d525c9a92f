"""Kills of servers while people play, and how long nobody is served."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.measured_cluster import MeasuredCluster
from bench.measures.players import Rooms
from bench.measures.scale import HEALTHY_LIMIT_S, MS, SETTLE_S
from bench.processor_time import US, processor_s
from verify.testbed.task_processes import TaskProcess, all_do, each_does
from verify.testbed.waiting import wait_until

LAST_MOVES_S = 1.0
"""Seconds in which people play on after the last kill, when the killed roles serve again."""
LOOK_AGAIN_S = 0.005


@dataclass(frozen=True)
class TimedKill:
    """A kill, and what followed it."""

    at: float
    """When, by the system's monotonic clock."""
    serves_ms: float
    """Until the killed roles serve again: clients and servers get an answer that shows it."""
    processor_us: Mapping[str, float]
    """The processor time of the new processes when they served, since their starts."""
    move_ms: float = math.inf
    """Until the first acknowledgement of a move that was sent after the kill, in any room."""


@dataclass(frozen=True)
class Killing:
    """Players in rooms of a cluster, and the roles that are killed while they play."""

    servers: MeasuredCluster
    players: Sequence[TaskProcess]
    rooms: Rooms
    roles: Sequence[str]
    pause_s: float
    """Seconds before each command in each room."""
    every_s: float | None = None
    """The time from one kill to the next, or a multiple of it if the roles do not serve by then.

    None: the cluster settles first.
    """

    def kills(self, count: int) -> list[TimedKill]:
        """TimedKill the roles ``count`` times. Return what followed each kill.

        Raises DeadlineExceeded if the cluster does not serve again, and RuntimeError if nobody moves after a kill.
        """
        each_does(
            [
                (player, {"do": "begin_play", "rooms": rooms, "pause_s": self.pause_s})
                for player, rooms in zip(self.players, self.rooms, strict=True)
            ]
        )
        kills: list[TimedKill] = []
        for _ in range(count):
            self._wait_for_next(kills)
            kills.append(self._kill())
        time.sleep(LAST_MOVES_S)
        played = all_do(self.players, {"do": "end_play"})
        return [followed(kill, played) for kill in kills]

    def _wait_for_next(self, kills: Sequence[TimedKill]) -> None:
        if self.every_s is None:
            time.sleep(SETTLE_S)
            wait_until(self.servers.is_whole, HEALTHY_LIMIT_S, "a healthy cluster")
            time.sleep(SETTLE_S)
        elif kills:
            passed_s = time.monotonic() - kills[-1].at
            time.sleep(math.ceil(passed_s / self.every_s) * self.every_s - passed_s)

    def _kill(self) -> TimedKill:
        killed = self.servers.pids(self.roles)
        self.servers.kill(self.roles)
        moment = time.monotonic()
        wait_until(self._serve, HEALTHY_LIMIT_S, f"{self.roles} after a kill", look_again_s=LOOK_AGAIN_S)
        serves_ms = (time.monotonic() - moment) * MS
        new = {name: pid for name, pid in self.servers.pids(self.roles).items() if pid != killed[name]}
        return TimedKill(moment, serves_ms, {name: processor_s(pid) * US for name, pid in new.items()})

    def _serve(self) -> bool:
        return all(self.servers.serves(role) for role in self.roles)


def followed(kill: TimedKill, played: Sequence[Mapping[str, Any]]) -> TimedKill:
    """Return the kill with the time until the next move, from the results of ``Worker.end_play``.

    Later kills do not end the wait for a move: a slow takeover counts as it was. Raises RuntimeError if nobody moved.
    """
    after = [acked for result in played for sent, acked in result["moves"] if sent > kill.at]
    if not after:
        raise RuntimeError("no move was acknowledged after a kill, until the players ended")
    return replace(kill, move_ms=(min(after) - kill.at) * MS)
