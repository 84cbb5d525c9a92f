"""The front door's index of the game archive: ratings, and the games of each player. The archive itself is in the log.

A procedure reads the main server's archive from the first record on, so a start takes nothing but time. The front door
fetches the records when a client requests them.
"""

from __future__ import annotations

import bisect
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from game.accounts.names import name_key
from game.errors import InvalidArgument, NoSuchGame
from game.forms import records
from game.forms.records import NameFreed
from server.communication.following import FOLLOW_WAIT_S, next_answer
from server.communication.ratings import Pool, RatingChange, Ratings, load_model
from server.rooms.long_poll import LongPolls
from server.runtime.effects import Await, Blocking, Effects, RemoteCall
from server.runtime.retries import TAKEOVER_S, Retries
from server.runtime.timers import Timers
from wire.errors import NotReady

FOLLOW_RETRY_S = 0.05
PAGE = 50
"""Records in one answer, at most. To index them takes some milliseconds, in which the server does nothing else."""

logger = structlog.get_logger()


class GameIndex:
    """An index of all finished games."""

    def __init__(self, timers: Timers, clock: Callable[[], float] = time.monotonic) -> None:
        self.retries = Retries("game archive not followed", log_after_s=TAKEOVER_S)
        self._repairs: object = None  # the ``mended`` of the last answer; changes after a repair
        self._waits = LongPolls(lambda *_: {}, timers, clock)
        """Calls of ``result``, by ``_wait_key``."""
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

    def follow(self) -> Effects[None]:
        """Read new records. Never ends."""
        while True:
            answer = yield from next_answer(
                "records_after",
                self._count,
                page=PAGE,
                behind=not self._complete,
                retries=self.retries,
                retry_s=FOLLOW_RETRY_S,
            )
            if answer["records"]:
                yield Blocking(load_model)
            self.apply(answer)

    def apply(self, answer: Mapping[str, Any]) -> None:
        """Index an answer of the main server's ``records_after``."""
        before, self._repairs = self._repairs, answer.get("mended")
        if answer["count"] < self._count or (self._unreadable and self._repairs != before):
            self._begin()  # another archive, or a repaired one: read all of it again
            return
        for plain in answer["records"]:
            self._index(plain)
        self._complete = self._count >= answer["count"]

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
        self._waits.notify([_wait_key(record.room, record.number)])
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
        return self._ratings.rating_of(name)

    def leaderboard(self, pool: Pool, limit: int) -> dict[str, object]:
        """Return the strongest players. Raises NotReady while the archive is still being read."""
        self._check_complete()
        return {"players": self._ratings.best(pool, limit)}

    def player(self, name: str, limit: int) -> Effects[dict[str, object]]:
        """Return the ratings and latest games of a player. Raises NotReady."""
        self._check_complete()
        about = {
            "name": name,
            "people": self._ratings.entry("people", name),
            "bots": self._ratings.entry("bots", name),
        }
        return {**about, **(yield from self.games(name, 0, limit))}

    def games(self, name: str, before: int, limit: int) -> Effects[dict[str, object]]:
        """Return the latest games of one player or of all, with numbers below ``before`` (0: all).

        Raises NotReady.
        """
        self._check_complete()
        numbers = self._of_player.get(name_key(name), []) if name else self._games
        end = bisect.bisect_left(numbers, before) if before else len(numbers)
        chosen = numbers[max(0, end - limit) : end][::-1]
        earlier = chosen[-1] if end > limit else 0
        return {"games": (yield from self._played(chosen)), "earlier": earlier}

    def game(self, number: int) -> Effects[Mapping[str, object]]:
        """Return one game. Raises NoSuchGame, and NotReady while the archive is still being read."""
        at = bisect.bisect_left(self._games, number)
        if self._games[at : at + 1] != [number]:
            self._check_complete()
            raise NoSuchGame("there is no game with that number")
        return (yield from self._played([number]))[0]

    def result(self, room: str, number: int) -> Effects[Mapping[str, object]]:
        """Return a game by its room and its number there.

        Wait up to ``FOLLOW_WAIT_S`` for it, because a caller may be faster than ``follow``. Then raise NoSuchGame, or
        NotReady while the archive is still being read.
        """
        if (room, number) not in self._in_room:
            yield Await(self._waits.wait(_wait_key(room, number), None, FOLLOW_WAIT_S))
        found = self._in_room.get((room, number))
        if found is None:
            self._check_complete()
            raise NoSuchGame("the game archive does not have that game")
        return (yield from self._played([found]))[0]

    def _played(self, numbers: Sequence[int]) -> Effects[list[Mapping[str, object]]]:
        fetched: Sequence[Mapping[str, object]] = (yield RemoteCall("records", (list(numbers),))) if numbers else []
        return [
            {"number": number, "record": record, "changes": self._changes.get(number, {})}
            for number, record in zip(numbers, fetched, strict=True)
        ]

    def _check_complete(self) -> None:
        if not self._complete:
            raise NotReady("the game archive is still being read: try again in a moment")


def _wait_key(room: str, number: int) -> str:
    return f"{room}/{number}"
