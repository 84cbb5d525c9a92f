"""Tables where bots play game after game with a spectator. All that they observe becomes histories.

The demo and the fuzz run share this. They disturb the servers while the bots play. At the end every move is accounted
for.
"""

from __future__ import annotations

import contextlib
import functools
import random
import threading
from collections.abc import Callable, Sequence

from client.bot import Bot, PlayedMove
from client.cluster import Cluster
from client.room import RoomClient
from game.bots.strategy import LEVELS
from game.errors import GameNotRunning, GameStillRunning
from game.forms.room_view import View
from game.rooms.commands import Move
from verify.history.record import AnsweredCall, Call, RoomHistory
from wire.errors import TicTacToeError

MANY_GAMES = 1_000_000
END_S = 30.0


class BotTables:
    """Two bots and a spectator at each table, from ``open`` to ``end``. Safe for threads."""

    def __init__(self, *, pace_s: float) -> None:
        """``pace_s``: the pause before each move, in seconds."""
        self.rooms: list[RoomClient] = []
        self.histories: dict[str, RoomHistory] = {}
        """By room id. The only calls in them are moves."""
        self.client_errors: list[str] = []
        """The errors of clients that gave up, each for a move that could not be made, and the clients that
        did not end."""
        self.moves: list[PlayedMove] = []
        """All acknowledged moves. It only grows."""
        self._pace_s = pace_s
        self._stop = threading.Event()
        # Protects ``histories`` and ``moves``: the bots' threads append to them.
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def open(
        self,
        cluster: Cluster,
        title: str,
        names: tuple[str, str, str],
        levels: Sequence[str],
        rng: random.Random,
        on_view: Callable[[View], None] = lambda _: None,
    ) -> None:
        """Open a room. The first two of ``names`` play, each on one of ``levels``; the third watches."""
        first, second, third = (cluster.claim(name) for name in names)
        room = first.create(title)
        self.rooms.append(room)
        history = self.histories[room.id] = RoomHistory()
        for client in (room, second.room(room.id)):
            level = LEVELS[rng.choice(levels)]
            bot = Bot(client, level, random.Random(rng.random()), pause=self._pause, on_move=self._note)
            self._in_thread(functools.partial(bot.run, MANY_GAMES, self._stop))
        self._in_thread(functools.partial(self._watch, third.room(room.id), history, on_view))

    def end(self) -> None:
        """Stop playing, and read the final histories.

        A spectator without the last event is an error, because then only a part of the history would be checked.
        """
        self._stop.set()
        for room in self.rooms:
            _close(room)
        for thread in self._threads:
            thread.join(END_S)
            if thread.is_alive():
                self.client_errors.append(f"a client did not end within {END_S:g} s")
        for room in self.rooms:
            history = self.histories[room.id]
            history.final = [seen for news in room.watch(0) for seen in news.events]
            for spectator, seen in history.spectators.items():
                if seen[-1:] != history.final[-1:]:
                    self.client_errors.append(
                        f"{spectator} saw {len(seen)} of the {len(history.final)} events of {room.id}"
                    )

    def _in_thread(self, work: Callable[[], object]) -> None:
        def guarded() -> None:
            try:
                work()
            except TicTacToeError as error:
                self.client_errors.append(f"{error.code}: {error.message}")
            except Exception as error:
                self.client_errors.append(f"unexpected error in a client: {error!r}")
                raise

        thread = threading.Thread(target=guarded, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _pause(self) -> None:
        self._stop.wait(self._pace_s)

    def _note(self, move: PlayedMove) -> None:
        command = Move(move.name, move.request_id, move.cell)
        answer = AnsweredCall(move.answer.version, move.answer.seat)
        with self._lock:
            self.histories[move.room].calls.append(Call(move.name, command, move.sent_at, move.accepted_at, answer))
            self.moves.append(move)

    def _watch(self, room: RoomClient, history: RoomHistory, on_view: Callable[[View], None]) -> None:
        room.join("spectator")
        seen = history.spectators[room.name] = []
        for news in room.watch(0):
            seen.extend(news.events)
            history.gaps += news.gap
            on_view(news.view)


def _close(room: RoomClient) -> None:
    """Close a room, so that all its news end. A game may still run, and a bot may end it or begin another meanwhile."""
    while True:
        try:
            room.close()
        except GameStillRunning:
            with contextlib.suppress(GameNotRunning):
                room.resign()
        else:
            return
