"""Writing a history down while it happens, so that it survives the SIGKILL of whoever writes: one JSON object a line.

A call is written before it is sent and its answer before anybody acts on it; each line is handed to the system in one
write. So a line that is torn, or not there, is of a call that was not sent, or of an answer that nobody used.
``history_reader`` reads it.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from client.views import View
from game.forms.event_codec import to_plain
from game.rooms.commands import Command
from game.rooms.events import Event


class HistoryWriter:
    """One file of one process. Safe for threads."""

    def __init__(self, file: Path) -> None:
        self._output = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._watchers = itertools.count(1)

    def sends(self, client: str, room: str | None, command: Command) -> int:
        """A command is going to be sent; the number by which its answer is told. ``room``: None if it makes one."""
        name = type(command).__name__
        return self._call(client=client, room=room, command=name, fields=asdict(command))

    def looks(self, client: str, room: str, by: str) -> int:
        """Somebody is going to look at the room; the number by which what is seen is told."""
        return self._call(client=client, room=room, command="Look", fields={"by": by})

    def done(self, number: int, room: str, version: int, seat: str | None) -> None:
        """A command was carried out."""
        self._write("answer", number=number, room=room, done=(version, seat))

    def refused(self, number: int, code: str) -> None:
        """A command was refused."""
        self._write("answer", number=number, refused=code)

    def unknown(self, number: int, code: str) -> None:
        """No answer came that says whether it was carried out."""
        self._write("answer", number=number, unknown=code)

    def seen(self, number: int, view: View) -> None:
        """What a look saw."""
        self._write("answer", number=number, seen=(view.version, view.phase, view.moves))

    def watcher(self, client: str) -> str:
        """A name for somebody who begins to watch a room: nobody had it before."""
        return f"{client}/{next(self._watchers)}"

    def news(self, watcher: str, room: str, events: Iterable[tuple[int, Event]], *, gap: bool) -> None:
        """A watcher saw these events."""
        plain = [(version, to_plain(event)) for version, event in events]
        self._write("news", watcher=watcher, room=room, events=plain, gap=gap)

    def surprise(self, who: str, sentence: str) -> None:
        """Somebody got an answer that nobody should ever get."""
        self._write("surprise", who=who, sentence=sentence)

    def _call(self, **fields: object) -> int:
        number = next(self._numbers)
        self._write("call", number=number, **fields)
        return number

    def _write(self, what: str, **fields: object) -> None:
        line = json.dumps({"what": what, "at": time.monotonic(), **fields}, separators=(",", ":")) + "\n"
        with self._lock:
            os.write(self._output, line.encode())
