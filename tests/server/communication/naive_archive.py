"""What the archive should answer, worked out from the whole book for every question: the reference for its index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from game.accounts.names import name_key
from game.errors import NoSuchGame
from game.forms.records import GameRecord, NameFreed, Record, to_plain
from server.communication.ratings import Pool, RatingChange, Ratings


class NaiveArchive:
    """Answers as ``Archive`` does when it has read all of that book."""

    def __init__(self, book: Sequence[Record]) -> None:
        self._book = book

    def leaderboard(self, pool: Pool, limit: int) -> dict[str, object]:
        return {"players": self._rated()[0].best(pool, limit)}

    def player(self, name: str, limit: int) -> dict[str, object]:
        ratings, _ = self._rated()
        standings = {pool: ratings.entry(pool, name) for pool in ("people", "bots")}
        return {"name": name, **standings, **self.games(name, 0, limit)}

    def games(self, name: str, before: int, limit: int) -> dict[str, object]:
        chosen = [
            number
            for number in range(len(self._book), 0, -1)
            if self._is_listed(number) and (not name or self._is_of(number, name)) and not 0 < before <= number
        ]
        shown = chosen[:limit]
        return {"games": [self._played(number) for number in shown], "earlier": shown[-1] if chosen[limit:] else 0}

    def game(self, number: int) -> Mapping[str, object]:
        if not 0 < number <= len(self._book) or not self._is_listed(number):
            raise NoSuchGame("in the book is no such game for all to see")
        return self._played(number)

    def result(self, room: str, number: int) -> Mapping[str, object]:
        for at, record in enumerate(self._book, 1):
            if isinstance(record, GameRecord) and (record.room, record.number) == (room, number):
                return self._played(at)
        raise NoSuchGame("in the book is no such game")

    def _is_listed(self, number: int) -> bool:
        record = self._book[number - 1]
        return isinstance(record, GameRecord) and not record.private

    def _is_of(self, number: int, name: str) -> bool:
        """Whether somebody has played that game who still has the name."""
        record, *later = self._book[number - 1 :]
        freed = {name_key(one.name) for one in later if isinstance(one, NameFreed)}
        played = isinstance(record, GameRecord) and name_key(name) in map(name_key, record.seats.values())
        return played and name_key(name) not in freed

    def _played(self, number: int) -> dict[str, object]:
        changes = self._rated()[1].get(number, {})
        return {"number": number, "record": to_plain(self._book[number - 1]), "changes": changes}

    def _rated(self) -> tuple[Ratings, dict[int, Mapping[str, RatingChange]]]:
        """The ratings after the games that are listed, and what each did to them."""
        ratings, changes = Ratings(), {}
        for number, record in enumerate(self._book, 1):
            if isinstance(record, NameFreed):
                ratings.forget(record.name)
            elif not record.private:
                changes[number] = ratings.apply(record)
        return ratings, changes
