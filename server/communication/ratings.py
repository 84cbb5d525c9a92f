"""Ratings: how strong players are, worked out from the book of records, game by game in its order. Pure.

The model is that of Weng and Lin, "A Bayesian Approximation Method for Online Ranking" (2011), by Bradley and Terry's
pairs, from the library ``openskill``; ``docs/decisions.md`` says why. Games against bots are rated apart from those
among people. Whoever reads the same records gets the same ratings.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from game.accounts.names import name_key
from game.forms.records import GameRecord
from game.rules import SEATS, Seat, other

if TYPE_CHECKING:
    from openskill.models import BradleyTerryFull

Pool = Literal["people", "bots"]
FIRST = 1500.0
UNCERTAIN = 350.0
"""The standard deviation of a rating of which nothing is known."""
CLASS = 200.0
"""Who is rated so much higher wins about two of three."""
UNREST = 5.0
"""How much players get better or worse from game to game."""
SURE = 2.0
"""The true strength is within so many standard deviations nineteen times of twenty."""


class RatingChange(NamedTuple):
    """A rating before and after a game, as it is shown."""

    before: int
    after: int


@dataclass
class _Player:
    name: str
    mean: float = FIRST
    deviation: float = UNCERTAIN
    wins: int = 0
    draws: int = 0
    losses: int = 0

    @property
    def shown(self) -> int:
        return round(self.mean)


class Ratings:
    """The ratings after the records that were taken in."""

    def __init__(self) -> None:
        self._pools: dict[Pool, dict[str, _Player]] = {"people": {}, "bots": {}}

    def take_in(self, record: GameRecord) -> Mapping[str, RatingChange]:
        """Rate a game; what it did to the ratings, by name. A game that is not rated does nothing."""
        if not record.rated:
            return {}
        players = self._pools["bots" if record.bots else "people"]
        both = {seat: _player(players, record.seats[seat]) for seat in SEATS}
        before = {seat: player.shown for seat, player in both.items()}
        self._rate(both, record.winner)
        return {record.seats[seat]: RatingChange(before[seat], player.shown) for seat, player in both.items()}

    def forget(self, name: str) -> None:
        """The name is free again: whoever has it next begins anew."""
        for players in self._pools.values():
            players.pop(name_key(name), None)

    def rating_of(self, name: str) -> float:
        """The rating of somebody among people; of who has none that of who begins."""
        player = self._pools["people"].get(name_key(name))
        return FIRST if player is None else player.mean

    def standing(self, pool: Pool, name: str) -> dict[str, object] | None:
        """What is told of somebody; None if they have played no rated game of that kind."""
        player = self._pools[pool].get(name_key(name))
        return None if player is None else _told(player)

    def best(self, pool: Pool, limit: int) -> list[dict[str, object]]:
        """The strongest, as far as that is sure: by the lower end of what the rating may be."""
        ranked = sorted(self._pools[pool].values(), key=lambda one: (SURE * one.deviation - one.mean, one.name))
        return [_told(player) for player in ranked[:limit]]

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
    from openskill.models import BradleyTerryFull  # costs start time, and most of what imports this never rates

    return BradleyTerryFull(mu=FIRST, sigma=UNCERTAIN, beta=CLASS, tau=UNREST)


def _player(players: dict[str, _Player], name: str) -> _Player:
    """Somebody's rating, under the name as it was written last."""
    player = players.setdefault(name_key(name), _Player(name))
    player.name = name
    return player


def _told(player: _Player) -> dict[str, object]:
    return {
        "name": player.name,
        "rating": player.shown,
        "deviation": round(SURE * player.deviation),
        "games": player.wins + player.draws + player.losses,
        "wins": player.wins,
        "draws": player.draws,
        "losses": player.losses,
    }
