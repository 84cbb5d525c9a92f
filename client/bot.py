"""A computer player on the client library: it plays like a person, through a real room on the cluster."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from client.cluster import connect
from client.room import News, RoomClient, new_request_id
from game.bots.strategy import LEVELS, THINKS_S, Strategy, within
from game.errors import Draining, InvalidArgument, Refusal, RoomFull
from game.rooms.dedup import Answer
from wire.errors import StorageFailed


@dataclass(frozen=True)
class PlayedMove:
    """A move that was acknowledged; the times are of ``time.monotonic``."""

    room: str
    name: str
    request_id: str
    cell: int
    answer: Answer
    sent_at: float
    accepted_at: float


OnMove = Callable[[PlayedMove], None]


@dataclass(frozen=True)
class BotResult:
    """How a bot's games ended, and how many moves it made in them that were acknowledged."""

    games: int = 0
    won: int = 0
    lost: int = 0
    drawn: int = 0
    moves: int = 0

    def with_winner(self, winner: str | None, name: str) -> BotResult:
        """One more game, won by that player or drawn."""
        return BotResult(
            self.games + 1,
            self.won + (winner == name),
            self.lost + (winner not in (None, name)),
            self.drawn + (winner is None),
            self.moves,
        )


AGAIN_S = 1.0
OLD_NEWS = frozenset({"not_your_turn", "cell_taken", "game_not_running", "game_still_running", "room_closed"})
"""Refusals that only say that the room has gone on meanwhile."""


class Bot:
    """Plays in one room until it has played its games or is told to stop."""

    def __init__(
        self,
        room: RoomClient,
        play: Strategy,
        chance: random.Random,
        *,
        pause: Callable[[], None] = lambda: None,
        on_move: OnMove = lambda _: None,
    ) -> None:
        """``pause`` is called before each move: so people can follow."""
        self._room = room
        self._play = play
        self._chance = chance
        self._pause = pause
        self._on_move = on_move
        self._stop = threading.Event()

    def run(self, games: int, stop: threading.Event | None = None) -> BotResult:
        """Take a seat and play that many games, with rematches; fewer if ``stop`` is set, the room is closed, or
        the cluster is being emptied.

        Raises RoomFull when there is no free seat, and what the client library raises.
        """
        self._stop = stop or self._stop
        before = self._room.view()
        joining = new_request_id()
        if self._until_saved(lambda: self._room.join(request_id=joining)).seat is None:
            self._room.leave()
            raise RoomFull("there is no free seat in this room")
        result = BotResult()
        counted = before.game_number - (before.phase == "playing")  # games that were over before are not its own
        for news in self._room.watch(stop=stop):
            if stop is not None and stop.is_set():
                break
            view = news.view
            if view.phase == "finished" and view.game_number > counted:
                counted = view.game_number
                result = result.with_winner(view.winner, self._room.name)
                if result.games == games:
                    break
            try:
                result = replace(result, moves=result.moves + self._act(news))
            except Draining:
                break
        return result

    def _act(self, news: News) -> int:
        """Do what the news ask for; if they are old, the refusal says so and newer ones are on their way.

        Returns how many moves were made.
        """
        view = news.view
        seat = view.seat_of(self._room.name)
        try:
            if view.phase == "playing" and seat is not None and view.turn == seat:
                self._pause()
                go_on = within(THINKS_S, time.monotonic, time.sleep)
                cell = self._play(view.board, seat, self._chance, go_on)
                request_id = new_request_id()
                sent_at = time.monotonic()
                answer = self._until_saved(lambda: self._room.move(cell, request_id=request_id))
                times = (sent_at, time.monotonic())
                self._on_move(PlayedMove(self._room.id, self._room.name, request_id, cell, answer, *times))
                return 1
            if view.phase == "finished" and seat not in view.rematch:
                again = new_request_id()
                self._until_saved(lambda: self._room.rematch(request_id=again))
        except Refusal as refusal:
            if refusal.code not in OLD_NEWS:
                raise
        return 0

    def _until_saved(self, command: Callable[[], Answer]) -> Answer:
        """Ask again, with the same request id, while the servers cannot save anything: a bot has nothing else to do."""
        while True:
            try:
                return command()
            except StorageFailed:
                if self._stop.wait(AGAIN_S):
                    raise


def run_bot(
    server: str, room: str, *, level: str, games: int, name: str = "", say: Callable[[str], None] = lambda _: None
) -> BotResult:
    """Connect, claim a name, and play in a room that is there or, with ``room`` "new", in one of its own.

    Raises InvalidArgument for a level that there is not, and what the client library raises.
    """
    if level not in LEVELS:
        raise InvalidArgument(f"a level is one of {', '.join(LEVELS)}")
    with connect(server) as cluster:
        player = cluster.claim(name, remember=True) if name else cluster.claim(f"{level}-bot-{secrets.token_hex(3)}")
        client = player.create(f"{player.name} waits for you") if room == "new" else player.room(room)
        say(f"{player.name} plays in room {client.id}.")
        return Bot(client, LEVELS[level], random.Random()).run(games)
