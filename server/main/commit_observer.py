"""Counts what is committed, and logs it from a thread of its own.

At ``info`` it logs rooms opened and closed and games finished. At ``debug`` it logs games started and every command.
Each line has the room and the request id. The thread writes lines a moment later, because a write may wait for the
disk, and the event loop must not.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from game.accounts.names import Claim
from game.rooms.events import Closed, Created, Finished, Started
from server.commit.commit import Submission
from server.log.batch import Batch
from server.log.room_stream import room_of
from server.telemetry import logs
from server.telemetry.counters import CommitCounts

WRITE_PAUSE_S = 0.1
MOST_LINES = 20_000
"""The most lines that wait to be written. Further lines are dropped, and their number is logged."""

logger = structlog.get_logger()

_LogLine = tuple[float, str, dict[str, object], bool]
"""Time, event, fields, and whether the line is for ``debug`` only."""
_LOGGED = frozenset({Created, Closed, Started, Finished})


class CommitObserver:
    """Observes commits. The holder of the commit lock calls ``published`` and ``batch_committed``."""

    def __init__(self, counts: CommitCounts, *, every_command: bool) -> None:
        """``every_command``: whether lines for ``debug`` are logged."""
        self._counts = counts
        self._every_command = every_command
        self._lines: deque[_LogLine] = deque()  # the oldest first
        self._left_out = 0  # lines dropped since the last write

    def published(self, batch: Batch) -> None:
        """Count and log a batch that is committed and visible."""
        counts = self._counts
        counts.commits += 1
        for entry, event in zip(batch.entries, batch.events, strict=True):
            counts.events[_kind_of(event)] += 1
            if type(event) in _LOGGED:
                if type(event) is Finished:
                    counts.terminations[event.termination] += 1
                if self._every_command or type(event) is not Started:
                    self._add_line(*_event_line(room_of(entry.stream), event), for_debug=type(event) is Started)

    def batch_committed(self, submissions: Sequence[Submission], took_s: float) -> None:
        """Count and log submissions that have their answer or error.

        ``took_s``: seconds since the batch got the commit lock.
        """
        if not submissions:
            return
        self._counts.commands.add(len(submissions))
        self._counts.commit_s.add(took_s)
        if self._every_command:
            for submission in submissions:
                self._add_line(*_command_line(submission), for_debug=True)

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Write the lines until ``go_on()`` is false."""
        while go_on():
            self.write()
            pause(WRITE_PAUSE_S)

    def write(self) -> None:
        """Write the lines that wait."""
        # Two threads may write at once: this one, and the one that ends the server and writes the last lines.
        with logs.collected(), contextlib.suppress(IndexError):
            for _ in range(len(self._lines)):
                at, event, fields, for_debug = self._lines.popleft()
                log = logger.debug if for_debug else logger.info
                log(event, timestamp=at, **fields)
        left_out, self._left_out = self._left_out, 0
        if left_out:
            logger.warning("log lines dropped", lines=left_out)

    def _add_line(self, event: str, fields: dict[str, object], *, for_debug: bool) -> None:
        if len(self._lines) < MOST_LINES:
            self._lines.append((time.time(), event, fields, for_debug))
        else:
            self._left_out += 1


def _kind_of(event: Any) -> str:
    """Return the kind of an event. Events of usernames have no kind, so their class name is used."""
    kind: str = getattr(event, "kind", None) or type(event).__name__.lower()
    return kind


def _event_line(room: str | None, event: Created | Closed | Started | Finished) -> tuple[str, dict[str, object]]:
    fields: dict[str, object] = {"room": room, "request_id": event.request_id, "by": event.by}
    if isinstance(event, Created):
        return "room opened", {**fields, "game": event.game, "options": dict(event.options)}
    if isinstance(event, Started):
        return "game started", {**fields, "number": event.number, "x": event.seat_x, "o": event.seat_o}
    if isinstance(event, Finished):
        return "game finished", {**fields, "termination": event.termination, "winner": event.winner}
    return "room closed", fields


def _command_line(submission: Submission) -> tuple[str, dict[str, object]]:
    """Return the log line of a command and its result: room, username and request id.

    Other fields of a command may be secret.
    """
    command: Any = submission.command
    fields: dict[str, object] = {"command": type(command).__name__.lower()}
    room = room_of(submission.stream)
    if room is not None:
        fields |= {"room": room, "request_id": command.request_id, "by": command.by}
    elif isinstance(command, Claim):
        fields["by"] = command.name
    if submission.error is not None:
        return "command refused", {**fields, "code": submission.error.code}
    return "command applied", {**fields, "version": (submission.answer or {}).get("version")}
