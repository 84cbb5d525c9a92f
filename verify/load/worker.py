"""A process of people who press Play. It carries out tasks.

python -m verify.load.worker NAME_SERVER       a task a line of JSON in, its result a line of JSON out
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from client import Player, connect
from client.bot import OUTDATED
from game.errors import Refusal
from game.forms.room_view import View
from game.games.tictactoe import EMPTY
from game.match.selection import Proposal, SeekFilter
from verify.testbed.history_file import HistoryWriter
from verify.testbed.recorded_room import RecordedRoom
from verify.testbed.task_processes import carry_out
from wire.errors import TicTacToeError

DEADLINE_S = 90.0
STALLED_S = 120.0
"""How long nothing may happen before all people give up, in seconds. Longer than a call may take, so that the errors of
calls come first."""
LOOK_AGAIN_S = 0.5
SEEK_FILTER = SeekFilter(board="3x3")
P_STUBBORN = 0.05
"""The share of people who insist on their proposal, so that lots are drawn."""


class LoadPlayer:
    """A person who presses Play once and plays the series to its end."""

    def __init__(self, player: Player, recorder: HistoryWriter) -> None:
        self._player = player
        self._recorder = recorder
        self._rng = random.Random(player.name)
        self._proposal = Proposal("3x3", self._rng.choice((1, 3)), self._rng.choice(("none", "3+2")))
        self._stubborn = self._rng.random() < P_STUBBORN
        self._room: RecordedRoom | None = None
        self.room = ""
        self.matched_s = 0.0
        self.ended = False
        self.error = ""
        self.progress = 0
        """A number that grows with every change for this person."""

    def play(self, together: threading.Barrier, give_up: threading.Event) -> None:
        """Press Play together with all others. Play until the series ends or ``give_up`` is set."""
        together.wait()
        pressed = time.monotonic()
        try:
            room = self._player.seek(SEEK_FILTER, stop=give_up)
            if room is None:
                return
            self.matched_s, self.room = time.monotonic() - pressed, room.id
            self._room = RecordedRoom(room, self._recorder, self._player.name)
            self._play_series(self._room, give_up)
        except TicTacToeError as error:
            self.error = f"{error.code}: {error.message}"
        except Exception as error:
            self.error = f"unexpected error in the client: {error!r}"

    def _play_series(self, room: RecordedRoom, give_up: threading.Event) -> None:
        for news in room.follow(0, stop=give_up):
            self.progress += 1
            if news.view.series_over:
                self.ended = True
                break
            self._act(room, news.view)

    def _act(self, room: RecordedRoom, view: View) -> None:
        """Act on the view. If it is out of date, the command is refused and a newer view follows."""
        seat = view.seat_of(room.name)
        try:
            if view.phase == "selecting":
                self._propose(room, view)
            elif view.phase == "playing" and view.turn == seat:
                free = [cell for cell, stone in enumerate(view.board["cells"]) if stone == EMPTY]
                room.move(self._rng.choice(free))
            elif view.phase == "finished" and seat not in view.rematch:
                room.rematch()
        except Refusal as refusal:
            if refusal.code not in OUTDATED:
                raise

    def _propose(self, room: RecordedRoom, view: View) -> None:
        selection, seat = view.selection, view.seat_of(room.name)
        if selection is None or seat is None:
            return
        mine = selection.proposals.get(seat)
        theirs = next((what for by, what in selection.proposals.items() if by != seat), None)
        if mine is None:
            room.propose(self._proposal)
        elif theirs is not None and mine != theirs and seat == "O" and not self._stubborn:
            room.propose(theirs)

    def leave(self) -> None:
        """Leave the room. The room closes when both players have left."""
        if self._room is not None:
            self._room.leave()
            self._room.disconnect()

    def as_plain(self) -> dict[str, Any]:
        """Return the results as a dictionary."""
        shown = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return {**shown, "name": self._player.name}


class LoadWorker:
    """The tasks. Each is a method; the task's fields are its arguments."""

    def __init__(self, name_server: str) -> None:
        self._cluster = connect(name_server, deadline_s=DEADLINE_S)
        self._people: list[LoadPlayer] = []

    def enter(self, names: Sequence[str], file: str) -> dict[str, object]:
        """Claim these names. ``file``: of the history."""
        recorder = HistoryWriter(Path(file))
        self._people = [LoadPlayer(self._cluster.claim(name), recorder) for name in names]
        return {"people": len(self._people)}

    def play(self) -> dict[str, object]:
        """Let all press Play at once.

        Return at the end of all series, or when nothing has happened for ``STALLED_S``.
        """
        together, give_up = threading.Barrier(len(self._people)), threading.Event()
        threads = [
            threading.Thread(target=person.play, args=(together, give_up), daemon=True) for person in self._people
        ]
        for thread in threads:
            thread.start()
        progress, since = 0, time.monotonic()
        for thread in threads:
            while thread.is_alive():
                thread.join(LOOK_AGAIN_S)
                if progress != (progress := sum(person.progress for person in self._people)):
                    since = time.monotonic()
                elif time.monotonic() - since > STALLED_S:
                    give_up.set()
        return {"people": [person.as_plain() for person in self._people]}

    def leave(self) -> dict[str, object]:
        """Let all people leave."""
        for person in self._people:
            person.leave()
        return {}


if __name__ == "__main__":
    carry_out(LoadWorker(sys.argv[1]))
