"""Drains a cluster from outside: nothing new begins, games end, then all servers stop. For the command line.

The cluster's log has the drain and its deadline. This module only requests it, waits, and stops the servers. So an
interrupted command can be repeated, and several commands see the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from server.control.cluster import ClusterControl, NotRunning
from server.supervision.role_status import DrainStatus

CHECK_EVERY_S = 0.1
SHOW_RESULT_S = 1.0
"""Seconds without a running game before the stop: players need this time to see the last result."""
MAIN_WAIT_S = 30.0
"""Seconds to wait for a main server that is being replaced."""


class DrainCancelled(Exception):
    """The cluster was opened again; the message contains that."""


def drain(
    cluster: ClusterControl,
    *,
    deadline_s: float | None = None,
    on_progress: Callable[[DrainStatus], None] = lambda _: None,
) -> DrainStatus:
    """Drain the cluster, stop it when no game runs or after ``deadline_s`` seconds, and return what was left.

    Without ``deadline_s`` it waits for the last game. ``on_progress`` is called repeatedly with the progress. Raises
    NotRunning, DrainCancelled, CannotStop, and Forbidden when the servers have another cluster key.
    """
    began = time.monotonic()
    until = None if deadline_s is None else math.ceil(time.time() + deadline_s)
    _set_drain(cluster, True, until)
    status = DrainStatus(True, until)
    ends = began + deadline_s if deadline_s is not None else math.inf
    idle_since: float | None = None
    while cluster.runs_here():
        latest = cluster.drain_status()
        if latest is not None:
            if not latest.on:
                raise DrainCancelled("the drain was cancelled: the cluster is open again")
            if latest.until != status.until:  # another command has set another deadline
                ends = math.inf if latest.until is None else time.monotonic() + latest.until - time.time()
            status = latest
            on_progress(status)
            idle_since = None if status.games else idle_since or time.monotonic()
        now = time.monotonic()
        if now >= ends or (idle_since is not None and now - idle_since > SHOW_RESULT_S):
            break
        time.sleep(CHECK_EVERY_S)
    cluster.stop()
    return status


def reopen(cluster: ClusterControl) -> None:
    """End the drain: names, rooms and games can begin again. Raises NotRunning, Forbidden."""
    _set_drain(cluster, False, None)


def _set_drain(cluster: ClusterControl, on: bool, until: int | None) -> None:
    ends = time.monotonic() + MAIN_WAIT_S
    while not cluster.set_drain(on, until):
        if not cluster.runs_here():
            raise NotRunning("no server runs here")
        if time.monotonic() > ends:
            raise NotRunning(f"no main server answered for {MAIN_WAIT_S:g} s")
        time.sleep(CHECK_EVERY_S)
