"""A process of players that use the ordinary client library. It carries out tasks.

    python -m bench.worker NAME_SERVER       a task a line of JSON in, its result a line of JSON out

Times are in seconds of the system's monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import functools
import itertools
import random
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from client import connect
from client.room import RoomClient
from game.games.tictactoe import EMPTY
from game.rooms.events import Moved
from game.rooms.remembered_requests import CommandAnswer
from verify.testbed.task_processes import carry_out

DRAWN = (0, 1, 2, 4, 3, 5, 7, 6, 8)
"""A game without a winner that fills all nine cells."""
JOIN_AND_LEAVE = 2
DEADLINE_S = 90.0
"""How long a call retries: longer than any takeover of a busy machine."""
FILLERS = 8

Seats = tuple[RoomClient, RoomClient]
"""The players of X and of O."""
Made = tuple[float, float, bool]
"""When a command was sent, when it was acknowledged, and whether it was a move."""


class Step(NamedTuple):
    """The next command of a scripted game."""

    make: Callable[[], CommandAnswer]
    is_move: bool


def script(seats: Seats) -> Iterator[Step]:
    """Yield the commands of one drawn game after another: nine moves and two offers of a rematch."""
    x, o = seats
    while True:
        for number, cell in enumerate(DRAWN):
            yield Step(functools.partial((x, o)[number % 2].move, cell), is_move=True)
        yield Step(x.rematch, is_move=False)
        yield Step(o.rematch, is_move=False)
        x, o = o, x


class Worker:
    """The tasks. Each is a method; the task's fields are its arguments."""

    def __init__(self, name_server: str) -> None:
        self._cluster = connect(name_server, deadline_s=DEADLINE_S)
        self._players = [self._cluster.claim(f"{letter}-{secrets.token_hex(6)}") for letter in "ab"]
        self._scripts: dict[str, Iterator[Step]] = {}
        self._stop = threading.Event()
        self._began = 0.0
        self._playing: list[Future[list[Made]]] = []

    def open(self, tables: int, moves: int = 0) -> dict[str, object]:
        """Open ``tables`` rooms with two players each, play the first ``moves`` moves of a game, and disconnect."""
        with ThreadPoolExecutor(FILLERS) as pool:
            opened = dict(pool.map(lambda _: self._open_one(moves), range(tables)))
        self._scripts.update(opened)
        return {"rooms": list(opened)}

    def _open_one(self, moves: int) -> tuple[str, Iterator[Step]]:
        one, other = self._players
        room = one.create()
        seats = room, other.room(room.id)
        for player in seats:
            player.join()
        steps = script(seats)
        for step in itertools.islice(steps, moves):
            step.make()
        for player in seats:
            player.disconnect()
        return room.id, steps

    def step(self, room: str) -> dict[str, object]:
        """Make the next command. Return when it was sent, the version after it, and whether it was a move."""
        step = next(self._scripts[room])
        sent = time.monotonic()
        return {"sent": sent, "version": step.make().version, "is_move": step.is_move}

    def play(self, rooms: Sequence[str], seconds: float) -> dict[str, object]:
        """Play in these rooms for some time. Return what ``end_play`` returns."""
        self.begin_play(rooms)
        time.sleep(seconds)
        return self.end_play()

    def begin_play(self, rooms: Sequence[str], pause_s: float = 0.0) -> dict[str, object]:
        """Begin to play in these rooms at once, game after game, with a pause before each command.

        The pauses are random, ``pause_s`` on average. Equal pauses would keep all rooms in step after a takeover, and a
        kill between two of their moves would wait for the next.
        """
        self._stop.clear()
        self._began = time.monotonic()
        pool = ThreadPoolExecutor(len(rooms))
        self._playing = [pool.submit(self._play, self._scripts[room], pause_s) for room in rooms]
        pool.shutdown(wait=False)
        return {"rooms": len(rooms)}

    def end_play(self) -> dict[str, object]:
        """Stop playing.

        Return when each move was sent and acknowledged, how long that took, and the number of commands, with rematches.
        """
        self._stop.set()
        made = [command for room in self._playing for command in room.result()]
        moves = [(sent, acked) for sent, acked, is_move in made if is_move]
        return {
            "seconds": time.monotonic() - self._began,
            "commands": len(made),
            "moves": moves,
            "took_s": [acked - sent for sent, acked in moves],
        }

    def _play(self, steps: Iterator[Step], pause_s: float) -> list[Made]:
        made: list[Made] = []
        while not self._stop.is_set():
            if pause_s:  # even a sleep of 0 s lets the process's other threads run first
                time.sleep(pause_s * random.uniform(0.5, 1.5))
            step = next(steps)
            sent = time.monotonic()
            step.make()
            made.append((sent, time.monotonic(), step.is_move))
        return made

    def create(self) -> dict[str, object]:
        """Open a room without players."""
        return {"room": self._players[0].create().id}

    def duel(self, room: str, until: float) -> dict[str, object]:
        """Play one side of a room until a moment, while another process plays the other side until the same moment.

        Each moves as soon as it has seen the opponent's move. At the end each leaves the room. An opponent that
        still waits for a move gets that as news, and so ends, too.

        Return by version when each own move was sent and each move of the opponent was seen, and the number of own
        commands.
        """
        me = self._players[0].room(room)
        me.join()
        sent: dict[int, float] = {}
        seen: dict[int, float] = {}
        rematches = 0
        for news in me.watch():
            now = time.monotonic()
            for version, event in news.events:
                if isinstance(event, Moved) and event.by != me.name:
                    seen[version] = now
            if now >= until:
                break
            view = news.view
            seat = view.seat_of(me.name)
            if view.phase == "playing" and view.turn == seat:
                free = next(cell for cell in DRAWN if view.board["cells"][cell] == EMPTY)
                sent_at = time.monotonic()
                sent[me.move(free).version] = sent_at
            elif view.phase == "finished" and seat not in view.rematch:
                me.rematch()
                rematches += 1
        me.leave()
        me.disconnect()
        return {"sent": sent, "seen": seen, "commands": len(sent) + rematches + JOIN_AND_LEAVE}

    def admit(self, room: str, spectators: int) -> dict[str, object]:
        """Let new people watch the room. Return their tokens, the room's address and object, and its version.

        ``bench.spectators`` connects them.
        """
        with ThreadPoolExecutor(FILLERS) as pool:
            tokens = list(pool.map(lambda _: self._admit_one(room), range(spectators)))
        found = self._cluster.ask("where_is", room)
        version = self._players[0].room(room).view().version
        return {
            "tokens": tokens,
            "address": [found["host"], found["port"]],
            "name": found["object"],
            "version": version,
        }

    def _admit_one(self, room: str) -> str:
        player = self._cluster.claim(f"w-{secrets.token_hex(6)}")
        there = player.room(room)
        there.join("spectator")
        there.disconnect()
        return player.token


if __name__ == "__main__":
    carry_out(Worker(sys.argv[1]))
