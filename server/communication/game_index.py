"""The front door's index of the book of records: ratings, and which games are whose. The book itself is in the log.

A thread follows the main server's book from the first record on, so a start takes nothing but time; the games
themselves are fetched when somebody asks for them.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from game.accounts.names import name_key
from game.errors import InvalidArgument, NoSuchGame, TicTacToeError
from game.forms import records
from game.forms.records import NameFreed
from server.communication.ratings import Pool, RatingChange, Ratings
from server.runtime.retries import TAKEOVER_S, Retries
from wire.errors import NotReady
from wire.rpc import Proxy
from wire.waiting import about_to_wait

PAGE = 200
FOLLOW_WAIT_S = 1.0
FOLLOW_AGAIN_S = 0.05

logger = structlog.get_logger()


class GameIndex:
    """What is known of all finished games. Safe for threads."""

    def __init__(self, fetch: Callable[[Sequence[int]], Sequence[Mapping[str, Any]]]) -> None:
        """``fetch`` gives the records of these numbers, as plain data, from the book."""
        self._fetch = fetch
        self.retries = Retries("the book cannot be followed", patience_s=TAKEOVER_S)
        self._lock = threading.Condition()
        self._mended: object = None
        self._begin()

    def _begin(self) -> None:
        self._ratings = Ratings()
        self._count = 0
        self._games: list[int] = []
        self._complete = False
        self._unreadable = 0
        self._of_player: dict[str, list[int]] = {}
        self._in_room: dict[tuple[str, int], int] = {}
        self._changes: dict[int, Mapping[str, RatingChange]] = {}

    def follow(self, main: Proxy, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Keep up with the book until ``go_on()`` is false."""
        while go_on():
            try:
                answer = main.call("records_after", self._count, PAGE, FOLLOW_WAIT_S, timeout_s=FOLLOW_WAIT_S + 2.0)
            except TicTacToeError as error:
                self.retries.failed(error)
                main.close()
                pause(FOLLOW_AGAIN_S)
                continue
            self.retries.succeeded()
            self.take_in(answer)

    def take_in(self, answer: Mapping[str, Any]) -> None:
        """Take over what the main server answered to the question for what comes after the last record."""
        with self._lock:
            mended = answer.get("mended")
            if answer["count"] < self._count or (self._unreadable and mended != self._mended):
                self._begin()  # another book, with which everything begins anew; or more of it can be read by now
                self._mended = mended
                return
            self._mended = mended
            for plain in answer["records"]:
                self._index(plain)
            self._complete = self._count >= answer["count"]
            self._lock.notify_all()

    def _index(self, plain: Mapping[str, Any]) -> None:
        self._count = number = self._count + 1
        try:
            record = records.from_plain(plain)
        except InvalidArgument as wrong:  # the other games can be shown all the same
            logger.error("a record of the book cannot be read", number=number, why=wrong.message)
            self._unreadable += 1
            return
        if isinstance(record, NameFreed):
            self._ratings.forget(record.name)
            self._of_player.pop(name_key(record.name), None)  # whose it is next was in none of them
            return
        self._in_room[record.room, record.number] = number
        if record.private:
            return  # for those who know the room, and in no list
        self._games.append(number)
        changes = self._ratings.take_in(record)
        if changes:
            self._changes[number] = changes
        for name in record.seats.values():
            self._of_player.setdefault(name_key(name), []).append(number)

    # -- asked ----------------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many records have been read."""
        return self._count

    def rating_of(self, name: str) -> float:
        """The rating that decides who is matched with whom."""
        with self._lock:
            return self._ratings.rating_of(name)

    def leaderboard(self, pool: Pool, limit: int) -> dict[str, object]:
        """The strongest players. Raises NotReady while the book is still being read."""
        with self._lock:
            self._check_complete()
            return {"players": self._ratings.best(pool, limit)}

    def player(self, name: str, limit: int) -> dict[str, object]:
        """Ratings and latest games of somebody. Raises NotReady."""
        with self._lock:
            self._check_complete()
            about = {
                "name": name,
                "people": self._ratings.standing("people", name),
                "bots": self._ratings.standing("bots", name),
            }
        return {**about, **self.games(name, 0, limit)}

    def games(self, name: str, before: int, limit: int) -> dict[str, object]:
        """The latest games, of somebody or of all, that have a number below ``before`` (0: all). Raises NotReady."""
        with self._lock:
            self._check_complete()
            numbers = self._of_player.get(name_key(name), []) if name else self._games
            if before:
                numbers = numbers[: bisect.bisect_left(numbers, before)]

            chosen = list(reversed(numbers[-limit:]))
            earlier = chosen[-1] if len(numbers) > limit else 0
        return {"games": self._played(chosen), "earlier": earlier}

    def game(self, number: int) -> Mapping[str, object]:
        """One game. Raises NoSuchGame."""
        with self._lock:
            at = bisect.bisect_left(self._games, number)
            known = self._games[at : at + 1]
        if known != [number]:
            raise NoSuchGame("there is no game of that number (yet)")
        return self._played([number])[0]

    def result(self, room: str, number: int) -> Mapping[str, object]:
        """A game by its room and its number there. Raises NoSuchGame when it is not in the book within a second: who
        asks right after a game may be faster than whoever reads the book.
        """
        with self._lock:
            if (room, number) not in self._in_room:
                about_to_wait()
                self._lock.wait_for(lambda: (room, number) in self._in_room, FOLLOW_WAIT_S)
            found = self._in_room.get((room, number))
        if found is None:
            raise NoSuchGame("that game is not in the book (yet)")
        return self._played([found])[0]

    def _played(self, numbers: Sequence[int]) -> list[Mapping[str, object]]:
        fetched = self._fetch(numbers) if numbers else []
        with self._lock:
            return [
                {"number": number, "record": record, "changes": self._changes.get(number, {})}
                for number, record in zip(numbers, fetched, strict=True)
            ]

    def _check_complete(self) -> None:
        if not self._complete:
            raise NotReady("the book of games is still being read: try again in a moment")
