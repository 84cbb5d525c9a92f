"""Kills of servers while people play, and how long nobody is served."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bench.measured_cluster import MeasuredCluster
from bench.measures.players import Rooms, play_in_rooms
from bench.measures.scale import MS, wait_until
from bench.processor_time import US, processor_s
from verify.testbed.task_processes import TaskProcess

SETTLE_S = 0.6
"""Seconds between a healthy cluster and the next kill, and before the next check of the cluster. A new stand-by has
then started."""
SETTLED_KILL_S = 2.0
"""About the time of a kill, until the cluster has settled again."""
LAST_MOVES_S = 3.0
"""Seconds in which people play on after the last kill. Moves are accepted again long before they end."""
LOOK_AGAIN_S = 0.005


@dataclass(frozen=True)
class Recovery:
    """What followed a kill."""

    move_ms: float
    """Until the first acknowledgement of a move that was sent after the kill, in any room."""
    serves_ms: float
    """Until the killed roles serve again: clients and servers get an answer that shows it."""
    processor_us: Mapping[str, float]
    """The processor time of the new processes when they served, since their starts."""


@dataclass(frozen=True)
class Kill:
    """A kill, its time by the system's monotonic clock, and what the killer noticed after it."""

    killed_at: float
    serves_ms: float
    processor_us: Mapping[str, float]


@dataclass(frozen=True)
class Killing:
    """People who play in rooms of a cluster, and the roles that are killed meanwhile."""

    servers: MeasuredCluster
    players: Sequence[TaskProcess]
    rooms: Rooms
    roles: Sequence[str]
    pause_s: float
    """Seconds before each command in each room."""
    every_s: float | None = None
    """The time from one kill to the next; longer if the roles do not serve by then. None: the cluster settles first."""

    def recoveries(self, count: int) -> list[Recovery]:
        """Kill the roles ``count`` times. Return what followed each kill.

        Raises TimeoutError if the cluster does not serve again, and RuntimeError if nobody moves after a kill.
        """
        found: list[Recovery] = []
        while len(found) < count:
            found += self._while_playing((count - len(found)) * (self.every_s or SETTLED_KILL_S))
        return found[:count]

    def _while_playing(self, seconds: float) -> list[Recovery]:
        last_kill_by = time.monotonic() + seconds
        with ThreadPoolExecutor(1) as pool:
            killing = pool.submit(self._kill_until, last_kill_by)
            played = play_in_rooms(self.players, self.rooms, seconds + LAST_MOVES_S, self.pause_s)
            kills = killing.result()
        return [recovery_after(kill, played) for kill in kills]

    def _kill_until(self, moment: float) -> list[Kill]:
        kills: list[Kill] = []
        while True:
            self._wait_for_next(kills)
            if time.monotonic() > moment:
                return kills
            kills.append(self._kill())

    def _wait_for_next(self, kills: Sequence[Kill]) -> None:
        if self.every_s is None:
            time.sleep(SETTLE_S)
            wait_until(self.servers.is_whole)
            time.sleep(SETTLE_S)
        elif kills:
            time.sleep(max(0.0, kills[-1].killed_at + self.every_s - time.monotonic()))

    def _kill(self) -> Kill:
        killed = self.servers.pids(self.roles)
        self.servers.kill(self.roles)
        moment = time.monotonic()
        wait_until(lambda: all(self.servers.serves(role) for role in self.roles), look_again_s=LOOK_AGAIN_S)
        serves_ms = (time.monotonic() - moment) * MS
        new = {name: pid for name, pid in self.servers.pids(self.roles).items() if pid != killed[name]}
        return Kill(moment, serves_ms, {name: processor_s(pid) * US for name, pid in new.items()})


def recovery_after(kill: Kill, played: Sequence[Mapping[str, Any]]) -> Recovery:
    """Return what followed a kill, from the results of ``Worker.play``.

    Later kills do not end the wait for a move: a slow takeover counts as it was. Raises RuntimeError if nobody moved.
    """
    after = [acked for result in played for sent, acked, _ in result["moves"] if sent > kill.killed_at]
    if not after:
        raise RuntimeError("no move was acknowledged after a kill, until the players ended")
    return Recovery((min(after) - kill.killed_at) * MS, kill.serves_ms, kill.processor_us)
