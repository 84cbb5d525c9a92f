"""Bots against bots, without servers: how much stronger each level is than the weaker ones.

The time for a move is a number of examined positions. So the same seed gives the same games on every machine.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from game.bots.strategy import OFFERED, choose, steps
from game.games.tictactoe import TicTacToe, rules_with
from game.rules import Seat

BOARDS = ((3, 3, 3), (5, 4, 4), (6, 6, 4), (10, 10, 5))
"""Width, height, and how many in a row win."""
LEVELS = ("random", *OFFERED)
"""The weakest level first."""


@dataclass(frozen=True)
class BotMatchResult:
    """The games that a level won, drew and lost against a weaker one. The two levels begin alternately."""

    board: str
    stronger: str
    weaker: str
    won: int
    drawn: int
    lost: int


def matches(boards: Sequence[tuple[int, int, int]], games: int, looks: int, seed: int) -> Iterator[BotMatchResult]:
    """Yield the result of each match as soon as it is over. Every two levels play on every board."""
    for width, height, in_a_row in boards:
        rules = rules_with({"width": width, "height": height, "in_a_row": in_a_row})
        board = f"{width}×{height}, {in_a_row} in a row"
        for weaker, stronger in itertools.combinations(LEVELS, 2):
            results = []
            for number in range(games):
                rng = random.Random(f"{seed}/{board}/{stronger}/{weaker}/{number}")
                own: Seat = "O" if number % 2 else "X"
                seats = {"X": stronger, "O": weaker} if own == "X" else {"X": weaker, "O": stronger}
                winner = winner_of(rules, seats, looks, rng)
                results.append("drawn" if winner is None else "won" if winner == own else "lost")
            counts = (results.count(result) for result in ("won", "drawn", "lost"))
            yield BotMatchResult(board, stronger, weaker, *counts)


def winner_of(rules: TicTacToe, seats: dict[str, str], looks: int, rng: random.Random) -> Seat | None:
    """Play a game between two levels, by seat.

    A bot examines ``looks`` positions for each move. Return the winner's seat, or None.
    """
    position = rules.opening()
    while position.turn is not None:
        shown = rules.describe(position)
        cell = choose(seats[position.turn], shown, position.turn, rng, steps(looks))
        position = rules.play(position, position.turn, cell)
    return position.outcome.winner if position.outcome is not None else None
