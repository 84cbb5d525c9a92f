"""The file of a recorded history: written as it happens, one JSON object on each line, and read at the end.

A call is written before it is sent, and its answer before the client uses it. Each line is one ``write``. So a missing
or torn line belongs to a call that was not sent, or to an answer that was not used. The file survives a SIGKILL of its
process.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from game.forms.event_codec import from_plain, to_plain
from game.forms.room_view import View
from game.rooms.commands import COMMANDS, Command, Create, Move
from game.rooms.events import Created, Event
from verify.history.record import AnsweredCall, Call, ObservedView, RefusedCall, RoomHistory, Seen


class HistoryWriter:
    """The file of one process. Safe for threads."""

    def __init__(self, file: Path) -> None:
        self._output = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        # Protects the file: one line at a time.
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._spectators = itertools.count(1)

    def record_command(self, client: str, room: str | None, command: Command) -> int:
        """Write a command before it is sent.

        Return its number, which its answer repeats. ``room`` is None for a command that creates a room.
        """
        name = type(command).__name__
        return self._record_call(client=client, room=room, command=name, fields=asdict(command))

    def record_read(self, client: str, room: str, by: str) -> int:
        """Write a read of a room's view before it is sent. Return its number, which its answer repeats."""
        return self._record_call(client=client, room=room, command="Look", fields={"by": by})

    def record_done(self, number: int, room: str, version: int, seat: str | None) -> None:
        """Write that a command was applied."""
        self._write("answer", number=number, room=room, done=(version, seat))

    def record_refusal(self, number: int, code: str) -> None:
        """Write that a command was refused."""
        self._write("answer", number=number, refused=code)

    def record_unknown(self, number: int, code: str) -> None:
        """Write that no answer shows whether a command was applied. ``code`` is the error that came instead."""
        self._write("answer", number=number, unknown=code)

    def record_view(self, number: int, view: View) -> None:
        """Write the view that a read returned."""
        self._write("answer", number=number, seen=(view.version, view.phase, view.moves))

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

    def _record_call(self, **fields: object) -> int:
        number = next(self._numbers)
        self._write("call", number=number, **fields)
        return number

    def _write(self, what: str, **fields: object) -> None:
        line = json.dumps({"what": what, "at": time.monotonic(), **fields}, separators=(",", ":")) + "\n"
        with self._lock:
            os.write(self._output, line.encode())


@dataclass
class RecordedHistory:
    """The recorded histories, calls and surprises of all processes."""

    rooms: dict[str, RoomHistory] = field(default_factory=dict)
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
            waiting[line["number"]] = (line["room"], Call(line["client"], _operation(line), line["at"]))
        elif line["what"] == "answer":
            room, call = waiting.pop(line["number"])
            _put(recorded, room or line.get("room"), _answered(call, line, recorded))
        elif line["what"] == "news":
            _add_news(_history(recorded, line["room"]), line)
        else:
            recorded.surprises.append(f"{line['client']}: {line['sentence']}")
    for room, call in waiting.values():
        recorded.unanswered["killed"] += 1
        _put(recorded, room, call)


def _lines(file: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of a file. A torn last line counts as not written."""
    whole, _, _ = file.read_bytes().rpartition(b"\n")
    for line in whole.splitlines():
        yield json.loads(line)


def _operation(line: Mapping[str, Any]) -> Command | ObservedView:
    fields = line["fields"]
    return ObservedView(**fields) if line["command"] == "Look" else COMMANDS[line["command"]](**fields)


def _answered(call: Call[object], line: Mapping[str, Any], recorded: RecordedHistory) -> Call[object]:
    answer: object
    if "done" in line:
        answer = AnsweredCall(*line["done"])
        if isinstance(call.operation, Move):
            recorded.accepted.append((call.sent_at, line["at"]))
    elif "refused" in line:
        answer = RefusedCall(line["refused"])
    elif "seen" in line:
        version, phase, moves = line["seen"]
        answer = Seen(version, phase, tuple((seat, move) for seat, move in moves))
    else:
        recorded.unanswered[line["unknown"]] += 1
        return call
    return replace(call, answered_at=line["at"], answer=answer)


def _put(recorded: RecordedHistory, room: str | None, call: Call[object]) -> None:
    if room is None:
        recorded.without_room.append(call)
    else:
        _history(recorded, room).calls.append(call)


def _add_news(history: RoomHistory, line: Mapping[str, Any]) -> None:
    seen = history.spectators.setdefault(line["spectator"], [])
    seen.extend((version, from_plain(plain)) for version, plain in line["events"])
    history.gaps += line["gap"]


def _history(recorded: RecordedHistory, room: str) -> RoomHistory:
    return recorded.rooms.setdefault(room, RoomHistory())
