"""The honest players: rooms in which two move all the time and a third watches, whatever else is going on.

What they see is a history as the demo's, judged by the same audit; and how long each move took, by the phase in which
it was acknowledged.
"""

from __future__ import annotations

import contextlib
import functools
import random
import threading
from collections import defaultdict
from collections.abc import Callable

from client.audit import AckedMove, Findings, RoomHistory, audit
from client.bot import Bot, PlayedMove
from client.cluster import Cluster
from client.room import RoomClient
from game.errors import GameNotRunning, GameStillRunning
from game.strategy import LEVELS
from wire.errors import TicTacToeError

PACE_S = 0.01
MANY_GAMES = 1_000_000
END_S = 30.0
QUIET = "warm-up"


class Honest:
    """Honest players at work, from ``begin`` to ``end``."""

    def __init__(self, cluster: Cluster, rooms: int, seed: int) -> None:
        self.names: list[str] = []
        self.gave_up: list[str] = []
        self.latencies_ms: dict[str, list[float]] = defaultdict(list)
        """By phase: how long each move took that was acknowledged in it."""
        self.phase = QUIET
        self._cluster = cluster
        self._chance = random.Random(f"{seed}/honest")
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._rooms: list[RoomClient] = []
        self._histories: dict[str, RoomHistory] = {}
        self._people: dict[str, set[str]] = {}
        self._threads: list[threading.Thread] = []
        for number in range(rooms):
            self._open(number)

    @property
    def rooms(self) -> list[str]:
        """The ids of their rooms."""
        return [room.id for room in self._rooms]

    def end(self) -> tuple[Findings, list[str]]:
        """Stop playing and account for every move: what the audit found, and what somebody else did in their rooms."""
        self._stop.set()
        for room in self._rooms:
            self._close(room)
        for thread in self._threads:
            thread.join(END_S)
            if thread.is_alive():
                self.gave_up.append("an honest client never came to its end")
        strangers: list[str] = []
        for room in self._rooms:
            history = self._histories[room.id]
            history.final = [seen for news in room.watch(0) for seen in news.events]
            strangers += [
                f"{room.id}: {event} is by nobody who was let in"
                for _, event in history.final
                if event.by not in self._people[room.id]
            ]
        return audit(self._histories), strangers

    def _open(self, number: int) -> None:
        names = [f"honest{number + 1}-{letter}" for letter in "abw"]
        first, second, third = (self._cluster.claim(name) for name in names)
        room = first.create(f"Honest {number + 1}")
        history = self._histories[room.id] = RoomHistory()
        self._rooms.append(room)
        self._people[room.id] = set(names)
        self.names += names
        for client in (room, second.room(room.id)):
            chance = random.Random(self._chance.random())
            bot = Bot(client, LEVELS["random"], chance, pause=self._pause, on_move=self._note)
            self._in_thread(functools.partial(bot.run, MANY_GAMES, self._stop))
        watcher = third.room(room.id)
        self._in_thread(lambda: self._watch(watcher, history))

    def _in_thread(self, work: Callable[[], object]) -> None:
        def guarded() -> None:
            try:
                work()
            except TicTacToeError as error:
                self.gave_up.append(f"{error.code}: {error.message}")

        thread = threading.Thread(target=guarded, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _pause(self) -> None:
        self._stop.wait(PACE_S)

    def _note(self, move: PlayedMove) -> None:
        acked = AckedMove(move.name, move.request_id, move.answer.seat, move.cell, move.answer.version)
        with self._lock:
            self._histories[move.room].acked.append(acked)
            self.latencies_ms[self.phase].append((move.accepted_at - move.sent_at) * 1000)

    def _watch(self, room: RoomClient, history: RoomHistory) -> None:
        room.join("spectator")
        seen = history.watchers[room.name] = []
        for news in room.watch(0):
            seen.extend(news.events)
            history.gaps += news.gap

    def _close(self, room: RoomClient) -> None:
        """Close a room, in which a game may run and a bot may just end it or begin another."""
        while True:
            try:
                room.close()
            except GameStillRunning:
                with contextlib.suppress(GameNotRunning):
                    room.resign()
            else:
                return
