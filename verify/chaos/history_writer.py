"""Writes a history to a file as it happens, one JSON object on each line. The file survives a SIGKILL of its process.

A call is written before it is sent, and its answer before the client uses it. Each line is one ``write``. So a missing
or torn line belongs to a call that was not sent, or to an answer that was not used. ``history_reader`` reads the file.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import asdict

from client.views import View
from game.forms.event_codec import to_plain
from game.rooms.commands import Command
from game.rooms.events import Event


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
