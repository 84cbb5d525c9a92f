"""A bot on the client library. It plays like a person, in a room on the cluster."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from client.cluster import connect
from client.room import RoomClient, new_request_id
from client.room_news import News
from game.bots.strategy import LEVELS, THINKS_S, Strategy, within
from game.errors import Draining, InvalidArgument, Refusal, RoomFull
from game.rooms.remembered_requests import CommandAnswer
from wire.errors import StorageFailed


@dataclass(frozen=True)
class PlayedMove:
    """An acknowledged move. The times are of ``time.monotonic``."""

    room: str
    name: str
    request_id: str
    cell: int
    answer: CommandAnswer
    sent_at: float
    accepted_at: float


OnMove = Callable[[PlayedMove], None]


@dataclass(frozen=True)
class BotResult:
    """The results of a bot's games, and the number of acknowledged moves in them."""

    games: int = 0
    won: int = 0
    lost: int = 0
    drawn: int = 0
    moves: int = 0

    def with_winner(self, winner: str | None, name: str) -> BotResult:
        """Return the result with a game added, won by that player or drawn."""
        return BotResult(
            self.games + 1,
            self.won + (winner == name),
            self.lost + (winner not in (None, name)),
            self.drawn + (winner is None),
            self.moves,
        )


AGAIN_S = 1.0
OUTDATED = frozenset({"not_your_turn", "cell_taken", "game_not_running", "game_still_running", "room_closed"})
"""Codes of refusals that only show that the room has changed meanwhile."""


class Bot:
    """Plays in a room until its games are played or it is stopped."""

    def __init__(
        self,
        room: RoomClient,
        play: Strategy,
        chance: random.Random,
        *,
        pause: Callable[[], object] = lambda: None,
        on_move: OnMove = lambda _: None,
    ) -> None:
        """``pause`` is called before each move, so that people can follow the game."""
        self._room = room
        self._play = play
        self._chance = chance
        self._pause = pause
        self._on_move = on_move
        self._stop = threading.Event()

    def run(self, games: int, stop: threading.Event | None = None) -> BotResult:
        """Take a seat, play that many games, with rematches, and return the results.

        Plays fewer games if ``stop`` is set, the room is closed, or the cluster drains. Raises RoomFull when there is
        no free seat, and the errors of the client library.
        """
        self._stop = stop or self._stop
        before = self._room.view()
        joining = new_request_id()
        if self._until_saved(lambda: self._room.join(request_id=joining)).seat is None:
            self._room.leave()
            raise RoomFull("there is no free seat in this room")
        result = BotResult()
        counted = before.game_number - (before.phase == "playing")  # exclude games that were over before
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
        """Make the move or offer the rematch that the news call for. Return how many moves were made.

        If the news are old, the command is refused, and newer news follow.
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
            if refusal.code not in OUTDATED:
                raise
        return 0

    def _until_saved(self, command: Callable[[], CommandAnswer]) -> CommandAnswer:
        """Retry with the same request id while the servers cannot store entries: a bot has no other work."""
        while True:
            try:
                return command()
            except StorageFailed:
                if self._stop.wait(AGAIN_S):
                    raise


def run_bot(
    server: str, room: str, *, level: str, games: int, name: str = "", on_start: Callable[[str], None] = lambda _: None
) -> BotResult:
    """Connect, claim a name, and play in an existing room, or in a new room if ``room`` is "new".

    Raises InvalidArgument for an unknown level, and the errors of the client library.
    """
    if level not in LEVELS:
        raise InvalidArgument(f"a level is one of {', '.join(LEVELS)}")
    with connect(server) as cluster:
        player = cluster.claim(name, remember=True) if name else cluster.claim(f"{level}-bot-{secrets.token_hex(3)}")
        client = player.create(f"{player.name} waits for you") if room == "new" else player.room(room)
        on_start(f"{player.name} plays in room {client.id}.")
        return Bot(client, LEVELS[level], random.Random()).run(games)
