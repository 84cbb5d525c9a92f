"""Who sees everything that is committed: counts it at once, and tells the log of it, in a thread of its own.

What is told of here: rooms opened and closed and games finished at ``info``, games started and every command at
``debug``; each with the room and the request id. Lines are written a moment later and not while somebody has the commit
turn: a write lets other threads go first, and whoever has the turn would stand in line again.
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
"""Lines that wait to be written; more are left out, and the log says how many."""

logger = structlog.get_logger()

_Line = tuple[float, str, dict[str, object], bool]
"""When it was, the event, its fields, and whether it is for ``debug`` alone."""
_TOLD = frozenset({Created, Closed, Started, Finished})


class CommitObserver:
    """Sees what is committed. Called by whoever has the commit turn, but for ``run``."""

    def __init__(self, counts: CommitCounts, *, every_command: bool) -> None:
        """``every_command``: whether the log takes what is told at ``debug``."""
        self._counts = counts
        self._every_command = every_command
        self._lines: deque[_Line] = deque()
        self._left_out = 0

    def published(self, draft: Batch) -> None:
        """All of this is committed, and visible to everybody."""
        counts = self._counts
        counts.commits += 1
        for entry, event in zip(draft.entries, draft.events, strict=True):
            counts.events[_kind_of(event)] += 1
            if type(event) in _TOLD:
                if type(event) is Finished:
                    counts.terminations[event.termination] += 1
                if self._every_command or type(event) is not Started:
                    self._tell(*_line_of(room_of(entry.stream), event), for_debug=type(event) is Started)

    def carried_out(self, orders: Sequence[Submission], took_s: float) -> None:
        """A batch is through, each order with its answer or its error, ``took_s`` after it had the turn."""
        if not orders:
            return
        self._counts.commands.add(len(orders))
        self._counts.commit_s.add(took_s)
        if self._every_command:
            for order in orders:
                self._tell(*_command_line(order), for_debug=True)

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Write the lines until ``go_on()`` is false."""
        while go_on():
            self.write()
            pause(WRITE_PAUSE_S)

    def write(self) -> None:
        """Write what waits to be written."""
        # the thread that ends this server writes the last ones, too
        with logs.in_one_piece(), contextlib.suppress(IndexError):
            for _ in range(len(self._lines)):
                at, event, fields, for_debug = self._lines.popleft()
                tell = logger.debug if for_debug else logger.info
                tell(event, timestamp=at, **fields)
        left_out, self._left_out = self._left_out, 0
        if left_out:
            logger.warning("lines were left out of the log", lines=left_out)

    def _tell(self, event: str, fields: dict[str, object], *, for_debug: bool) -> None:
        if len(self._lines) < MOST_LINES:
            self._lines.append((time.time(), event, fields, for_debug))
        else:
            self._left_out += 1


def _kind_of(event: Any) -> str:
    """What an event is called; those of names have no other name than their class."""
    kind: str = getattr(event, "kind", None) or type(event).__name__.lower()
    return kind


def _line_of(room: str | None, event: Created | Closed | Started | Finished) -> tuple[str, dict[str, object]]:
    fields: dict[str, object] = {"room": room, "request_id": event.request_id, "by": event.by}
    if isinstance(event, Created):
        return "room opened", {**fields, "game": event.game, "options": dict(event.options)}
    if isinstance(event, Started):
        return "game started", {**fields, "number": event.number, "x": event.seat_x, "o": event.seat_o}
    if isinstance(event, Finished):
        return "game finished", {**fields, "termination": event.termination, "winner": event.winner}
    return "room closed", fields


def _command_line(order: Submission) -> tuple[str, dict[str, object]]:
    """A command and what became of it: the room, who and which request. What else a command has may be secret."""
    command: Any = order.command
    fields: dict[str, object] = {"command": type(command).__name__.lower()}
    room = room_of(order.stream)
    if room is not None:
        fields |= {"room": room, "request_id": command.request_id, "by": command.by}
    elif isinstance(command, Claim):
        fields["by"] = command.name
    if order.error is not None:
        return "command refused", {**fields, "code": order.error.code}
    return "command carried out", {**fields, "version": (order.answer or {}).get("version")}
