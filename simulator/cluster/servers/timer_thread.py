"""The timers of a simulated main server. The real ``timer_commands`` decide what to do; a timer replaces the thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from server.commit.commit import Submission
from server.main import timer_commands
from server.rooms.room_store import RoomStore
from server.rooms.service_clock import LONGEST_STEP_S
from server.runtime.effects import Effects
from simulator.cluster.servers.commit_lock import SimulatedCommitLock
from simulator.cluster.servers.rpc import Process
from simulator.cluster.service_clock_checker import ServiceClockChecker

PAUSE_S = 0.8 * LONGEST_STEP_S
"""Seconds between two ticks. It is longer than in the real servers: ticks are most of the work of a quiet schedule."""


class SimulatedTimerThread:
    """Ticks service time and runs due timers during the term of one main server."""

    def __init__(
        self,
        process: Process,
        store: RoomStore,
        commit_lock: SimulatedCommitLock,
        new_request: Callable[[], str],
        clock_checker: ServiceClockChecker,
    ) -> None:
        self._process = process
        self._store = store
        self._commit_lock = commit_lock
        self._new_request = new_request
        self._clock_checker = clock_checker
        self._pause_s = PAUSE_S / clock_checker.speed
        # Whether a command of the present tick failed. Then its work is not complete.
        self._failed = False

    def begin(self) -> None:
        """Schedule the next tick."""
        self._process.set_timer(self._pause_s, self._tick)

    def _tick(self) -> None:
        self._commit_lock.run(_tick_effects(self._store), self._after_tick, lambda _error: self.begin())

    def _after_tick(self, at: int) -> None:
        self._failed = False
        self._submit_next(at, timer_commands.due_commands(at, self._store, self._new_request))

    def _submit_next(self, at: int, due: Iterator[tuple[str, object]]) -> None:
        following = next(due, None)
        if following is None:
            if len(self._store.timers) and not self._failed:
                self._clock_checker.record_pending_timers(at)
            self.begin()
            return

        def done(submission: Submission) -> None:
            self._failed = self._failed or submission.error is not None
            self._submit_next(at, due)

        self._commit_lock.submit(*following, done)


def _tick_effects(store: RoomStore) -> Effects[int]:
    yield from ()
    return store.time.tick()
