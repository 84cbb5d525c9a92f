"""Reads what the clients' processes wrote with ``history_writer``, and builds the histories of all rooms."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from game.forms.event_codec import from_plain
from game.rooms.commands import COMMANDS, Command, Create, Move
from game.rooms.events import Created
from verify.history.record import AnsweredCall, Call, ObservedView, RefusedCall, RoomHistory, Seen


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
