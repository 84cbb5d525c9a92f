"""What threads of the real main server do during a term: open matches, tick and run timers, remove closed rooms.

Timers and callbacks replace the threads. The real ``pairing``, ``timer_commands`` and ``Replicator`` decide.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from server.commit.commit import Submission
from server.log.room_stream import room_stream
from server.main import timer_commands
from server.replication.replicator import Replicator
from server.rooms.pairing import Opened, Pairing, opening_of, pairings
from server.rooms.room_store import RoomStore
from server.rooms.service_clock import LONGEST_STEP_S
from server.runtime.effects import Effects
from simulator.cluster.servers.commit_lock import SimulatedCommitLock
from simulator.cluster.servers.machine import SimulatedLimits
from simulator.cluster.servers.rpc import Process, Request
from simulator.cluster.service_clock_checker import ServiceClockChecker

TICK_PAUSE_S = 0.8 * LONGEST_STEP_S
"""Seconds between two ticks. It is longer than in the real servers: ticks are most of the work of a quiet schedule."""
SWEEP_PAUSE_S = 0.3
FORGOTTEN_AFTER_S = 1.5
"""Seconds after a room's close. Longer than any duplicate of a message is under way."""


class SimulatedMatchOpener:
    """Opens matches for one request at a time. The next request must see the matches that the previous one opened."""

    def __init__(self, process: Process, store: RoomStore, commit_lock: SimulatedCommitLock) -> None:
        self._process = process
        self._store = store
        self._commit_lock = commit_lock
        # The first request is in progress, the rest wait.
        self._waiting: deque[tuple[Request, list[Pairing]]] = deque()

    def open_matches(self, request: Request, wanted: Any) -> None:
        """Open a room for each pairing, and answer the request."""
        self._waiting.append((request, pairings(wanted)))
        if len(self._waiting) == 1:
            self._begin()

    def _begin(self) -> None:
        _, wanted = self._waiting[0]
        both = [opening_of(pairing, self._store.match_of) for pairing in wanted]
        opened = [one for one, _ in both]
        commands = [(one.room, match) for one, match in both if match is not None]
        submissions: list[Submission] = []

        def done(submission: Submission) -> None:
            submissions.append(submission)
            if len(submissions) == len(commands):
                self._end(opened, submissions)

        for room, match in commands:
            self._commit_lock.submit(room_stream(room or ""), match, done)
        if not commands:
            self._end(opened, submissions)

    def _end(self, opened: Sequence[Opened], submissions: Sequence[Submission]) -> None:
        request, _ = self._waiting.popleft()
        failed = next((submission.error for submission in submissions if submission.error is not None), None)
        if failed is not None:
            self._process.refuse(request, failed)
        else:
            self._process.answer(request, {"opened": [{"room": one.room, "taken": one.taken} for one in opened]})
        if self._waiting:
            self._begin()


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
        self._pause_s = TICK_PAUSE_S / clock_checker.speed
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
    return store.service_clock.tick()


class ClosedRoomSweep:
    """Forgets the rooms that have been closed for ``FORGOTTEN_AFTER_S``."""

    def __init__(
        self,
        process: Process,
        store: RoomStore,
        replicator: Replicator,
        commit_lock: SimulatedCommitLock,
        limits: SimulatedLimits,
        on_forget: Callable[[Sequence[str]], None],
    ) -> None:
        """``on_forget`` is called with the streams before they are forgotten."""
        self._process = process
        self._store = store
        self._replicator = replicator
        self._commit_lock = commit_lock
        self._kept = limits.kept_closed_rooms
        self._on_forget = on_forget
        # Closed streams that are not forgotten yet, with the time when that was noticed.
        self._closed: list[tuple[float, str]] = []

    def sweep(self) -> None:
        """Forget the rooms that are due. Repeats."""
        now = self._process.now
        self._closed += [(now, stream) for stream in self._store.forget_closed(but=self._kept)]
        due = [stream for at, stream in self._closed if now >= at + FORGOTTEN_AFTER_S]

        def over(forgotten: bool) -> None:
            if forgotten:
                self._closed = [(at, stream) for at, stream in self._closed if stream not in due]

        if due:
            self._on_forget(due)
            self._commit_lock.run(self._replicator.forget(due), over, lambda _disk_is_full: None)
        self._process.set_timer(SWEEP_PAUSE_S, self.sweep)
