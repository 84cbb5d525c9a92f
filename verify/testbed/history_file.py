"""The file of a recorded history: written as it happens, one JSON object on each line, and read at the end.

A call is written before it is sent, and its answer before the client uses it. Each line is one ``write``. So a missing
or torn line belongs to a call that was not sent, or to an answer that was not used. The file survives a SIGKILL of its
process.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from game.errors import Refusal, TicTacToeError
from game.forms.event_codec import from_plain, to_plain
from game.rooms.commands import COMMANDS, Command, Create, Move
from game.rooms.events import Created, Event
from verify.history.record import AnsweredCall, Call, ObservedView, RefusedCall, RoomHistory, Seen

Answer = AnsweredCall | RefusedCall | Seen
RecordAnswer = Callable[..., None]
"""Writes an ``Answer``, and the id of the room if the call created it."""
_KINDS: Mapping[str, Any] = {
    **COMMANDS,
    **{kind.__name__: kind for kind in (ObservedView, AnsweredCall, RefusedCall, Seen)},
}


class HistoryWriter:
    """The file of one process. Safe for threads: the system appends each line as a whole."""

    def __init__(self, file: Path) -> None:
        self._output = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._numbers = itertools.count(1)
        self._spectators = itertools.count(1)

    @contextlib.contextmanager
    def call(self, client: str, room: str | None, operation: Command | ObservedView) -> Iterator[RecordAnswer]:
        """Write a call before the block sends it, and the error that the block raises.

        Yield the function that writes the answer. ``room`` is None for a command that creates a room.
        """
        number = next(self._numbers)

        def record_answer(answer: Answer, room: str | None = None) -> None:
            self._write("answer", number=number, room=room, answer=_plain(answer))

        self._write("call", number=number, client=client, room=room, operation=_plain(operation))
        try:
            yield record_answer
        except Refusal as refusal:
            record_answer(RefusedCall(refusal.code))
            raise
        except TicTacToeError as error:
            self._write("unknown", number=number, code=error.code)
            raise

    def new_spectator(self, client: str) -> str:
        """Return a new, unused name for a spectator of a room."""
        return f"{client}/{next(self._spectators)}"

    def record_events(self, spectator: str, room: str, events: Iterable[tuple[int, Event]], *, gap: bool) -> None:
        """Write the events that a spectator received."""
        plain = [(version, to_plain(event)) for version, event in events]
        self._write("news", spectator=spectator, room=room, events=plain, gap=gap)

    def record_surprise(self, client: str, sentence: str) -> None:
        """Write that a client got an answer that must never happen."""
        self._write("surprise", client=client, sentence=sentence)

    def _write(self, what: str, **fields: object) -> None:
        line = json.dumps({"what": what, "at": time.monotonic(), **fields}, separators=(",", ":")) + "\n"
        os.write(self._output, line.encode())


@dataclass
class RecordedHistory:
    """The recorded histories, calls and surprises of all processes."""

    rooms: defaultdict[str, RoomHistory] = field(default_factory=lambda: defaultdict(RoomHistory))
    without_room: list[Call[object]] = field(default_factory=list)
    """Calls that create a room, but have no answer with the room's id."""
    surprises: list[str] = field(default_factory=list)
    accepted: list[tuple[float, float]] = field(default_factory=list)
    """For each acknowledged move: when it was sent and when it was acknowledged, in seconds of the monotonic clock."""
    unanswered: Counter[str] = field(default_factory=Counter)
    """The number of calls with an unknown effect, by the error that came instead of an answer."""

    @property
    def calls(self) -> int:
        """Return the number of calls."""
        return len(self.without_room) + sum(len(history.calls) for history in self.rooms.values())

    def add(self, room: str | None, call: Call[object]) -> None:
        """Add a call on a room, or on a room without a known id."""
        (self.without_room if room is None else self.rooms[room].calls).append(call)
        if is_accepted_move(call):
            self.accepted.append((call.sent_at, call.answered_at or 0.0))

    def assign_rooms(self) -> None:
        """Move each call without a room to its room, as the final histories show.

        The rest were never applied, or it is unknown where.
        """
        made = {
            event.request_id: history
            for history in self.rooms.values()
            for _, event in history.final
            if isinstance(event, Created)
        }
        left: list[Call[object]] = []
        for call in self.without_room:
            history = made.get(call.operation.request_id) if isinstance(call.operation, Create) else None
            (left if history is None else history.calls).append(call)
        self.without_room = left


def is_accepted_move(call: Call[object]) -> bool:
    """Return whether a call is an acknowledged move."""
    return isinstance(call.operation, Move) and isinstance(call.answer, AnsweredCall)


def read_histories(files: Iterable[Path]) -> RecordedHistory:
    """Read all these files."""
    recorded = RecordedHistory()
    for file in files:
        _read_one(file, recorded)
    return recorded


def _read_one(file: Path, recorded: RecordedHistory) -> None:
    waiting: dict[int, tuple[str | None, Call[object]]] = {}
    for line in _lines(file):
        if line["what"] == "call":
            waiting[line["number"]] = line["room"], Call(line["client"], _from_plain(line["operation"]), line["at"])
        elif line["what"] == "answer":
            room, call = waiting.pop(line["number"])
            answered = replace(call, answered_at=line["at"], answer=_from_plain(line["answer"]))
            recorded.add(room or line["room"], answered)
        elif line["what"] == "unknown":
            recorded.unanswered[line["code"]] += 1
            recorded.add(*waiting.pop(line["number"]))
        elif line["what"] == "news":
            history = recorded.rooms[line["room"]]
            seen = history.spectators.setdefault(line["spectator"], [])
            seen.extend((version, from_plain(plain)) for version, plain in line["events"])
            history.gaps += line["gap"]
        else:
            recorded.surprises.append(f"{line['client']}: {line['sentence']}")
    for room, call in waiting.values():
        recorded.unanswered["killed"] += 1
        recorded.add(room, call)


def _lines(file: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of a file. A torn last line counts as not written."""
    whole, _, _ = file.read_bytes().rpartition(b"\n")
    for line in whole.splitlines():
        yield json.loads(line)


def _plain(value: Command | ObservedView | Answer) -> tuple[str, object]:
    """Return an operation or an answer as the name of its class and its fields."""
    return type(value).__name__, msgspec.to_builtins(value)


def _from_plain(plain: tuple[str, object]) -> Any:
    """Return the operation or answer of ``_plain``."""
    name, fields = plain
    return msgspec.convert(fields, _KINDS[name])
