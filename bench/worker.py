"""A process of players and spectators that use the ordinary client library. It carries out tasks.

    python -m bench.worker NAME_SERVER       a task a line of JSON in, its result a line of JSON out

Times are in seconds of the system's monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from client import connect
from client.room import RoomClient
from game.games.tictactoe import EMPTY
from game.rooms.events import Moved
from verify.testbed.task_processes import carry_out

DRAWN = (0, 1, 2, 4, 3, 5, 7, 6, 8)
"""A game without a winner that fills all nine cells."""
REMATCHES = 2
"""Commands after each game: both players offer a rematch."""
JOIN_AND_LEAVE = 2
DEADLINE_S = 30.0
FILLERS = 8

Seats = tuple[RoomClient, RoomClient]
"""The players of X and of O."""
Move = tuple[float, float, int]
"""When it was sent, when it was acknowledged, and the room's version after it."""


class Worker:
    """The tasks. Each is a method; the task's fields are its arguments."""

    def __init__(self, name_server: str) -> None:
        self._cluster = connect(name_server, deadline_s=DEADLINE_S)
        self._players = [self._cluster.claim(f"{letter}-{secrets.token_hex(6)}") for letter in "ab"]
        self._tables: dict[str, Seats] = {}

    def open(self, tables: int, moves: int = 0) -> dict[str, object]:
        """Open ``tables`` rooms with two players each, play the first ``moves`` moves of a game, and disconnect."""
        with ThreadPoolExecutor(FILLERS) as pool:
            opened = dict(pool.map(lambda _: self._open_one(moves), range(tables)))
        self._tables.update(opened)
        return {"rooms": list(opened)}

    def _open_one(self, moves: int) -> tuple[str, Seats]:
        one, other = self._players
        room = one.create()
        seats = room, other.room(room.id)
        for player in seats:
            player.join()
        for number, cell in enumerate(DRAWN[:moves]):
            seats[number % 2].move(cell)
        for player in seats:
            player.disconnect()
        return room.id, seats

    def play(self, rooms: Sequence[str], seconds: float, pause_s: float = 0.0) -> dict[str, object]:
        """Play in these rooms at once, game after game, with a pause before each move.

        Return when each move was sent and acknowledged, and its version; and the number of commands, with rematches.
        """
        moves: list[list[Move]] = [[] for _ in rooms]
        together = threading.Barrier(len(rooms) + 1)
        threads = [
            threading.Thread(target=self._play, args=(room, together, seconds, pause_s, mine), daemon=True)
            for room, mine in zip(rooms, moves, strict=True)
        ]
        for thread in threads:
            thread.start()
        together.wait()
        began = time.monotonic()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - began
        made = [move for mine in moves for move in mine]
        return {"seconds": seconds, "moves": made, "commands": len(made) + len(made) // len(DRAWN) * REMATCHES}

    def _play(self, room: str, together: threading.Barrier, seconds: float, pause_s: float, moves: list[Move]) -> None:
        x, o = self._tables[room]
        together.wait()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for number, cell in enumerate(DRAWN):
                time.sleep(pause_s)
                sent = time.monotonic()
                answer = (x, o)[number % 2].move(cell)
                moves.append((sent, time.monotonic(), answer.version))
            x.rematch()
            o.rematch()
            x, o = o, x
        self._tables[room] = x, o

    def create(self) -> dict[str, object]:
        """Open a room without players."""
        return {"room": self._players[0].create().id}

    def duel(self, room: str, until: float) -> dict[str, object]:
        """Play one side of a room until a moment, while another process plays the other side until the same moment.

        Each moves as soon as it has seen the opponent's move. At the end each leaves the room. An opponent who still
        waits for a move gets that as news, and so ends, too.

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

    def watch(self, room: str, count: int) -> dict[str, object]:
        """Start ``count`` spectators of a room. Return when all have seen its present state."""
        self._stop = threading.Event()
        self._seen: list[dict[int, float]] = [{} for _ in range(count)]
        ready = threading.Barrier(count + 1)
        for mine in self._seen:
            threading.Thread(target=self._watch, args=(room, ready, mine), daemon=True).start()
        ready.wait()
        return {"spectators": count}

    def _watch(self, room: str, ready: threading.Barrier, seen: dict[int, float]) -> None:
        spectator = self._cluster.claim(f"w-{secrets.token_hex(6)}").room(room)
        spectator.join("spectator")
        news = spectator.watch(stop=self._stop)
        next(news)
        ready.wait()
        for one in news:
            now = time.monotonic()
            for version, _ in one.events:
                seen[version] = now

    def watched(self) -> dict[str, object]:
        """Stop watching.

        Return the number of spectators, and when the last of them saw each version that all of them saw.
        """
        self._stop.set()
        of_all = set.intersection(*(set(seen) for seen in self._seen))
        return {"last": {version: max(seen[version] for seen in self._seen) for version in of_all}}


if __name__ == "__main__":
    carry_out(Worker(sys.argv[1]))
