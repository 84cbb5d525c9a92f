"""The front door's index of the game archive: ratings, and the games of each player. The archive itself is in the log.

A thread reads the main server's archive from the first record on, so a start takes nothing but time. The front door
fetches the records when a client requests them.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from game.accounts.names import name_key
from game.errors import InvalidArgument, NoSuchGame
from game.forms import records
from game.forms.records import NameFreed
from server.communication.following import FOLLOW_WAIT_S, follow
from server.communication.ratings import Pool, RatingChange, Ratings
from server.runtime.retries import TAKEOVER_S, Retries
from wire.errors import NotReady
from wire.rpc import Proxy
from wire.waiting import about_to_wait

FOLLOW_RETRY_S = 0.05

logger = structlog.get_logger()


class GameIndex:
    """An index of all finished games. Thread-safe."""

    def __init__(self, fetch: Callable[[Sequence[int]], Sequence[Mapping[str, Any]]]) -> None:
        """``fetch``: returns the records of these numbers from the archive, as plain data."""
        self._fetch = fetch
        self.retries = Retries("game archive not followed", log_after_s=TAKEOVER_S)
        self._lock = threading.Condition()  # guards the index; notified after each answer
        self._repairs: object = None  # the ``mended`` of the last answer; changes after a repair
        self._begin()

    def _begin(self) -> None:
        self._ratings = Ratings()
        self._count = 0  # records read; the next has the number after it
        self._games: list[int] = []  # numbers of the games in lists, ascending
        self._complete = False  # whether all records of the last answer's count were read
        self._unreadable = 0  # records that could not be parsed
        self._of_player: dict[str, list[int]] = {}  # name key -> numbers, ascending
        self._in_room: dict[tuple[str, int], int] = {}  # room and number there -> number in the archive
        self._changes: dict[int, Mapping[str, RatingChange]] = {}

    def follow(self, main: Proxy, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Read new records until ``go_on()`` is false."""
        follow(
            main,
            "records_after",
            lambda: (self._count,),
            self.apply,
            self.retries,
            retry_s=FOLLOW_RETRY_S,
            go_on=go_on,
            pause=pause,
        )

    def apply(self, answer: Mapping[str, Any]) -> None:
        """Index an answer of the main server's ``records_after``."""
        with self._lock:
            before, self._repairs = self._repairs, answer.get("mended")
            if answer["count"] < self._count or (self._unreadable and self._repairs != before):
                self._begin()  # another archive, or a repaired one: read all of it again
                return
            for plain in answer["records"]:
                self._index(plain)
            self._complete = self._count >= answer["count"]
            self._lock.notify_all()

    def _index(self, plain: Mapping[str, Any]) -> None:
        self._count = number = self._count + 1
        try:
            record = records.from_plain(plain)
        except InvalidArgument as wrong:  # one bad record must not hide the other games
            logger.error("record unreadable", number=number, why=wrong.message)
            self._unreadable += 1
            return
        if isinstance(record, NameFreed):
            self._ratings.forget(record.name)
            self._of_player.pop(name_key(record.name), None)  # the name's next owner played none of them
            return
        self._in_room[record.room, record.number] = number
        if record.private:
            return  # in no list: only a caller with its room gets it
        self._games.append(number)
        changes = self._ratings.apply(record)
        if changes:
            self._changes[number] = changes
        for name in record.seats.values():
            self._of_player.setdefault(name_key(name), []).append(number)

    # -- reads ----------------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many records have been read."""
        return self._count

    def rating_of(self, name: str) -> float:
        """Return the rating by which a player is matched."""
        with self._lock:
            return self._ratings.rating_of(name)

    def leaderboard(self, pool: Pool, limit: int) -> dict[str, object]:
        """Return the strongest players. Raises NotReady while the archive is still being read."""
        with self._lock:
            self._check_complete()
            return {"players": self._ratings.best(pool, limit)}

    def player(self, name: str, limit: int) -> dict[str, object]:
        """Return the ratings and latest games of a player. Raises NotReady."""
        with self._lock:
            self._check_complete()
            about = {
                "name": name,
                "people": self._ratings.entry("people", name),
                "bots": self._ratings.entry("bots", name),
            }
        return {**about, **self.games(name, 0, limit)}

    def games(self, name: str, before: int, limit: int) -> dict[str, object]:
        """Return the latest games of one player or of all, with numbers below ``before`` (0: all).

        Raises NotReady.
        """
        with self._lock:
            self._check_complete()
            numbers = self._of_player.get(name_key(name), []) if name else self._games
            if before:
                numbers = numbers[: bisect.bisect_left(numbers, before)]

            chosen = list(reversed(numbers[-limit:]))
            earlier = chosen[-1] if len(numbers) > limit else 0
        return {"games": self._played(chosen), "earlier": earlier}

    def game(self, number: int) -> Mapping[str, object]:
        """Return one game. Raises NoSuchGame."""
        with self._lock:
            at = bisect.bisect_left(self._games, number)
            known = self._games[at : at + 1]
        if known != [number]:
            raise NoSuchGame("there is no game with that number")
        return self._played([number])[0]

    def result(self, room: str, number: int) -> Mapping[str, object]:
        """Return a game by its room and its number there.

        Wait up to ``FOLLOW_WAIT_S`` for it, then raise NoSuchGame. A caller may be faster than the thread that reads
        the archive.
        """
        with self._lock:
            if (room, number) not in self._in_room:
                about_to_wait()
                self._lock.wait_for(lambda: (room, number) in self._in_room, FOLLOW_WAIT_S)
            found = self._in_room.get((room, number))
        if found is None:
            raise NoSuchGame("the game archive does not have that game")
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
            raise NotReady("the game archive is still being read: try again in a moment")
