"""Ratings: the strength of players, computed from the game archive, game by game in its order. Pure.

The model is that of Weng and Lin, "A Bayesian Approximation Method for Online Ranking" (2011), with Bradley-Terry
pairs. It comes from the library ``openskill``; the reasons are in ``docs/decisions/0038-ratings-with-openskill.md``.
Games against bots are rated apart from games among people. The same records always give the same ratings.
"""

from __future__ import annotations

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


class Ratings:
    """The ratings after all records that were taken in."""

    def __init__(self) -> None:
        self._pools: dict[Pool, dict[str, _Player]] = {"people": {}, "bots": {}}  # by name key

    def apply(self, record: GameRecord) -> Mapping[str, RatingChange]:
        """Rate a game. Return the changes of the ratings by name; none for a game that is not rated."""
        if not record.rated:
            return {}
        players = self._pools["bots" if record.bots else "people"]
        both = {seat: _player(players, record.seats[seat]) for seat in SEATS}
        before = {seat: player.shown for seat, player in both.items()}
        self._rate(both, record.winner)
        return {record.seats[seat]: RatingChange(before[seat], player.shown) for seat, player in both.items()}

    def forget(self, name: str) -> None:
        """Remove the ratings of a released name: its next owner starts without any."""
        for players in self._pools.values():
            players.pop(name_key(name), None)

    def rating_of(self, name: str) -> float:
        """Return the rating of a player among people; ``INITIAL_RATING`` without a rated game."""
        player = self._pools["people"].get(name_key(name))
        return INITIAL_RATING if player is None else player.mean

    def entry(self, pool: Pool, name: str) -> dict[str, object] | None:
        """Return what clients get about a player; None without a rated game in that pool."""
        player = self._pools[pool].get(name_key(name))
        return None if player is None else _row(player)

    def best(self, pool: Pool, limit: int) -> list[dict[str, object]]:
        """Return the strongest players, by the lower end of the range in which the true strength is."""
        ranked = sorted(self._pools[pool].values(), key=lambda one: (CONFIDENCE * one.deviation - one.mean, one.name))
        return [_row(player) for player in ranked[:limit]]

    @staticmethod
    def _rate(both: Mapping[Seat, _Player], winner: Seat | None) -> None:
        model = _model()
        teams = [[model.rating(mu=both[seat].mean, sigma=both[seat].deviation)] for seat in SEATS]
        ranks = [1.0 if winner in (seat, None) else 2.0 for seat in SEATS]
        for seat, (rating,) in zip(SEATS, model.rate(teams, ranks=ranks), strict=True):
            player = both[seat]
            player.mean, player.deviation = rating.mu, rating.sigma
            player.wins += winner == seat
            player.draws += winner is None
            player.losses += winner == other(seat)


@functools.cache
def _model() -> BradleyTerryFull:
    from openskill.models import BradleyTerryFull  # slow to import, and most importers never rate

    return BradleyTerryFull(mu=INITIAL_RATING, sigma=INITIAL_DEVIATION, beta=SKILL_CLASS, tau=DRIFT)


def _player(players: dict[str, _Player], name: str) -> _Player:
    """Return the entry of a player, and store the latest spelling of the name."""
    player = players.setdefault(name_key(name), _Player(name))
    player.name = name
    return player


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
