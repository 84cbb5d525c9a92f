"""Drains a cluster from outside: nothing new begins, games end, then all servers stop. For the command line.

The cluster's log has the drain and its deadline. This module only requests it, waits, and stops the servers. So an
interrupted command can be repeated, and several commands see the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from server.control.cluster import ClusterControl, NotRunning
from server.supervision.status import DrainStatus

LOOK_AGAIN_S = 0.1
PARTING_S = 1.0
"""Seconds without a running game before the stop: players need this time to see the last result."""
ASK_S = 30.0
"""Seconds to wait for a main server that is being replaced."""


class CalledOff(Exception):
    """The cluster was opened again; the message contains that."""


def drain(
    cluster: ClusterControl,
    *,
    deadline_s: float | None = None,
    on_progress: Callable[[DrainStatus], None] = lambda _: None,
) -> DrainStatus:
    """Drain the cluster, stop it when no game runs or after ``deadline_s`` seconds, and return what was left.

    Without ``deadline_s`` it waits for the last game. ``on_progress`` is called repeatedly with the progress. Raises
    NotRunning, CalledOff, CannotStop, and Forbidden when the servers have another cluster key.
    """
    began = time.monotonic()
    until = None if deadline_s is None else math.ceil(time.time() + deadline_s)
    _ask(cluster, True, until)
    seen = DrainStatus(True, until)
    ends = began + deadline_s if deadline_s is not None else math.inf
    over_since: float | None = None
    while cluster.runs_here():
        drains = cluster.drains()
        if drains is not None:
            if not drains.on:
                raise CalledOff("the cluster is open again: somebody called it off")
            if drains.until != seen.until:  # another command has set another deadline
                ends = math.inf if drains.until is None else time.monotonic() + drains.until - time.time()
            seen = drains
            on_progress(seen)
            over_since = None if seen.games else over_since or time.monotonic()
        now = time.monotonic()
        if now >= ends or (over_since is not None and now - over_since > PARTING_S):
            break
        time.sleep(LOOK_AGAIN_S)
    cluster.stop()
    return seen


def reopen(cluster: ClusterControl) -> None:
    """End the drain: names, rooms and games can begin again. Raises NotRunning, Forbidden."""
    _ask(cluster, False, None)


def _ask(cluster: ClusterControl, on: bool, until: int | None) -> None:
    ends = time.monotonic() + ASK_S
    while not cluster.ask_to_drain(on, until):
        if not cluster.runs_here():
            raise NotRunning("no server runs here")
        if time.monotonic() > ends:
            raise NotRunning(f"there is no main server that takes it, for {ASK_S:g} s now")
        time.sleep(LOOK_AGAIN_S)
