"""Ratings: the strength of players, computed from the game archive, game by game in its order. Pure.

The model is that of Weng and Lin, "A Bayesian Approximation Method for Online Ranking" (2011), with Bradley-Terry
pairs. It comes from the library ``openskill``; the reasons are in ``docs/decisions/0038-ratings-with-openskill.md``.
Games against bots are rated apart from games among people. The same records always give the same ratings.
"""

from __future__ import annotations

import bisect
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

from game.accounts.names import name_key
from game.forms.records import GameRecord
from game.rules import SEATS, Seat, other

if TYPE_CHECKING:
    from openskill.models import BradleyTerryFull

Pool = Literal["people", "bots"]
INITIAL_RATING = 1500.0
INITIAL_DEVIATION = 350.0
"""The standard deviation of a new player's rating."""
SKILL_CLASS = 200.0
"""A player with a rating that much higher wins about two games of three."""
DRIFT = 5.0
"""By how much the strength of a player changes from game to game."""
CONFIDENCE = 2.0
"""The true strength is within this many standard deviations with a probability of 95 %."""


class RatingChange(NamedTuple):
    """A rating before and after a game, as clients get it."""

    before: int
    after: int


class _Player(Struct):
    name: str
    mean: float = INITIAL_RATING
    deviation: float = INITIAL_DEVIATION
    wins: int = 0
    draws: int = 0
    losses: int = 0

    @property
    def shown(self) -> int:
        return round(self.mean)

    @property
    def rank(self) -> tuple[float, str]:
        """The place on the leaderboard: by the lower end of the range in which the true strength is."""
        return CONFIDENCE * self.deviation - self.mean, self.name


class _Players:
    """The players of a pool. They are kept in the order of the leaderboard, because to sort many takes long."""

    def __init__(self) -> None:
        self._by_key: dict[str, _Player] = {}
        self._ranked: list[tuple[float, str]] = []
        """The ``rank`` of each player, sorted."""

    def get(self, name: str) -> _Player | None:
        """Return the entry of a player; None without a rated game."""
        return self._by_key.get(name_key(name))

    def take(self, name: str) -> _Player:
        """Return the entry of a player, without a rank, to change it. The next step is ``put``."""
        return self._remove(name_key(name)) or _Player(name)

    def put(self, player: _Player) -> None:
        """Store the changed entry of a player."""
        key = name_key(player.name)
        self._remove(key)  # there is none, except when both players of a record have the same name
        self._by_key[key] = player
        bisect.insort(self._ranked, player.rank)

    def forget(self, name: str) -> None:
        """Remove the entry of a player."""
        self._remove(name_key(name))

    def best(self, limit: int) -> list[_Player]:
        """Return the strongest players."""
        return [self._by_key[name_key(name)] for _, name in self._ranked[:limit]]

    def _remove(self, key: str) -> _Player | None:
        player = self._by_key.pop(key, None)
        if player is not None:
            del self._ranked[bisect.bisect_left(self._ranked, player.rank)]
        return player


class Ratings:
    """The ratings after all records that were taken in."""

    def __init__(self) -> None:
        self._pools: dict[Pool, _Players] = {"people": _Players(), "bots": _Players()}

    def apply(self, record: GameRecord) -> Mapping[str, RatingChange]:
        """Rate a game. Return the changes of the ratings by name; none for a game that is not rated."""
        if not record.rated:
            return {}
        players = self._pools["bots" if record.bots else "people"]
        both = {seat: players.take(record.seats[seat]) for seat in SEATS}
        before = {seat: player.shown for seat, player in both.items()}
        self._rate(both, record.winner)
        for seat, player in both.items():
            player.name = record.seats[seat]  # the latest spelling
            players.put(player)
        return {record.seats[seat]: RatingChange(before[seat], player.shown) for seat, player in both.items()}

    def forget(self, name: str) -> None:
        """Remove the ratings of a released name: its next owner starts without any."""
        for players in self._pools.values():
            players.forget(name)

    def rating_of(self, name: str) -> float:
        """Return the rating of a player among people; ``INITIAL_RATING`` without a rated game."""
        player = self._pools["people"].get(name)
        return INITIAL_RATING if player is None else player.mean

    def entry(self, pool: Pool, name: str) -> dict[str, object] | None:
        """Return what clients get about a player; None without a rated game in that pool."""
        player = self._pools[pool].get(name)
        return None if player is None else _row(player)

    def best(self, pool: Pool, limit: int) -> list[dict[str, object]]:
        """Return the strongest players, by the lower end of the range in which the true strength is."""
        return [_row(player) for player in self._pools[pool].best(limit)]

    @staticmethod
    def _rate(both: Mapping[Seat, _Player], winner: Seat | None) -> None:
        model = load_model()
        teams = [[model.rating(mu=both[seat].mean, sigma=both[seat].deviation)] for seat in SEATS]
        ranks = [1.0 if winner in (seat, None) else 2.0 for seat in SEATS]
        for seat, (rating,) in zip(SEATS, model.rate(teams, ranks=ranks), strict=True):
            player = both[seat]
            player.mean, player.deviation = rating.mu, rating.sigma
            player.wins += winner == seat
            player.draws += winner is None
            player.losses += winner == other(seat)


@functools.cache
def load_model() -> BradleyTerryFull:
    """Return the model, which the first call imports. That takes long, so a server makes it apart from its loop."""
    from openskill.models import BradleyTerryFull  # most importers never rate

    return BradleyTerryFull(mu=INITIAL_RATING, sigma=INITIAL_DEVIATION, beta=SKILL_CLASS, tau=DRIFT)


def _row(player: _Player) -> dict[str, object]:
    return {
        "name": player.name,
        "rating": player.shown,
        "deviation": round(CONFIDENCE * player.deviation),
        "games": player.wins + player.draws + player.losses,
        "wins": player.wins,
        "draws": player.draws,
        "losses": player.losses,
    }
