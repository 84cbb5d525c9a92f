"""Opens rooms for matched players on a simulated main server. The real ``pairing`` decides which rooms to open."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from server.commit.commit import Submission
from server.log.room_stream import room_stream
from server.rooms.pairing import Opened, Pairing, opening_of, pairings
from server.rooms.room_store import RoomStore
from simulator.cluster.servers.commit_lock import SimulatedCommitLock
from simulator.cluster.servers.rpc import Process, Request


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
