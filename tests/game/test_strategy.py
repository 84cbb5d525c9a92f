"""Computer players: on 3×3 every choice that ``perfect`` may make is followed against every reply."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from playing import played, started

from game.games import rules_named
from game.rules import Position, Rules, Seat, other
from game.strategy import LEVELS, perfect_move, random_move
from game.tictactoe import rules_with
from game.views import view

THREE = rules_named("tictactoe", {})


class AllChoices(random.Random):
    """Chance that says what it may choose from, so that a test can follow all of it."""

    options: Sequence[Any] = ()

    def choice(self, seq: Sequence[Any]) -> Any:
        self.options = seq
        return seq[0]


def choices(rules: Rules, position: Position, seat: Seat) -> Sequence[int]:
    """All cells that the perfect player may play."""
    chance = AllChoices()
    perfect_move(rules.describe(position), seat, chance)
    return chance.options


def results(own: Seat) -> dict[Seat | None, int]:
    """How many positions are the end of a game that perfect plays with ``own``, by who wins."""
    ends: dict[Seat | None, int] = {"X": 0, "O": 0, None: 0}
    seen: set[str] = set()

    def play_on(position: Position) -> None:
        if position.cells in seen:
            return
        seen.add(position.cells)
        outcome = THREE.outcome(position)
        if outcome is not None:
            ends[outcome.winner] += 1
            return
        seat = THREE.to_move(position)
        assert seat is not None
        free = [cell for cell, stone in enumerate(position.cells) if stone == "."]
        for cell in choices(THREE, position, seat) if seat == own else free:
            play_on(THREE.play(position, seat, cell))

    play_on(THREE.opening())
    return ends


@pytest.mark.parametrize("own", ["X", "O"])
def test_perfect_never_loses_on_3_by_3_whatever_it_chooses_and_whatever_comes_back(own: Seat) -> None:
    ends = results(own)
    assert ends[other(own)] == 0
    assert ends[own] > 0
    assert ends[None] > 0


def reachable() -> Iterator[Position]:
    """Every position on 3×3 in which somebody is to move."""
    seen: set[str] = set()
    ahead = [THREE.opening()]
    while ahead:
        position = ahead.pop()
        seat = THREE.to_move(position)
        if seat is not None and position.cells not in seen:
            seen.add(position.cells)
            yield position
            ahead += [THREE.play(position, seat, cell) for cell, stone in enumerate(position.cells) if stone == "."]


def winning_cells(position: Position, seat: Seat) -> set[int]:
    """The cells with which a seat wins at once."""
    free = [cell for cell, stone in enumerate(position.cells) if stone == "."]
    ends = {cell: THREE.outcome(THREE.play(position, seat, cell)) for cell in free}
    return {cell for cell, end in ends.items() if end is not None and end.termination == "line"}


def test_in_every_position_perfect_wins_at_once_where_it_can_and_else_does_not_let_the_other() -> None:
    for position in reachable():
        seat = THREE.to_move(position)
        assert seat is not None
        chosen = set(choices(THREE, position, seat))
        wins, threats = winning_cells(position, seat), winning_cells(position, other(seat))
        if wins:
            assert chosen == wins
        elif len(threats) == 1:  # against two at once there is no help
            assert chosen == threats


def test_perfect_makes_a_lost_game_last() -> None:
    """X in a corner, O beside it: X wins, and the best play of both takes seven moves."""
    for seed in range(30):
        chance = random.Random(seed)
        position = THREE.play(THREE.play(THREE.opening(), "X", 0), "O", 1)
        while (seat := THREE.to_move(position)) is not None:
            position = THREE.play(position, seat, perfect_move(THREE.describe(position), seat, chance))
        outcome = THREE.outcome(position)
        assert outcome is not None
        assert outcome.winner == "X"
        assert position.cells.count(".") == 2


def test_perfect_leaves_it_to_chance_which_of_the_best_cells_it_plays() -> None:
    shown = THREE.describe(THREE.play(THREE.opening(), "X", 4))
    assert {perfect_move(shown, "O", random.Random(seed)) for seed in range(60)} == {0, 2, 6, 8}


def board(in_a_row: int, rows: str) -> dict[str, object]:
    """The board of a view, drawn with a space between rows."""
    split = rows.split()
    return {"width": len(split[0]), "height": len(split), "in_a_row": in_a_row, "cells": "".join(split)}


@pytest.mark.parametrize(
    ("shown", "seat", "cell"),
    [
        (board(4, "XXX.. OOO.. ..... ..... ....."), "X", 3),
        (board(4, "XXX.. OOO.. ..... ..... ....."), "O", 8),
        (board(4, "X.... OXXX. O.... O.... ....."), "O", 20),
        (board(4, "X.... .X... ..X.. ..... OO..O"), "O", 18),
        (board(3, "XX. OO. ..."), "O", 5),
        (board(3, "XX. O.. ..."), "O", 2),
    ],
)
def test_perfect_wins_in_one_or_else_blocks_in_one(shown: dict[str, object], seat: Seat, cell: int) -> None:
    assert perfect_move(shown, seat, random.Random(1)) == cell


def test_perfect_begins_a_large_board_where_most_lines_are_open() -> None:
    rules = rules_with({"width": 7, "height": 7, "in_a_row": 5})
    assert list(choices(rules, rules.opening(), "X")) == [24]


@pytest.mark.parametrize("level", sorted(LEVELS))
@pytest.mark.parametrize("options", [{}, {"width": 6, "height": 4, "in_a_row": 4}])
def test_every_level_plays_legal_games_to_the_end(level: str, options: dict[str, object]) -> None:
    rules = rules_named("tictactoe", options)
    for seed in range(20):
        chance = random.Random(seed)
        position = rules.opening()
        while (seat := rules.to_move(position)) is not None:
            position = rules.play(position, seat, LEVELS[level](rules.describe(position), seat, chance))
        assert rules.outcome(position) is not None


def test_the_same_chance_chooses_the_same() -> None:
    shown = THREE.describe(THREE.opening())
    for choose in (random_move, perfect_move):
        assert choose(shown, "X", random.Random(5)) == choose(shown, "X", random.Random(5))


def test_random_plays_every_free_cell_some_time() -> None:
    shown = THREE.describe(THREE.play(THREE.opening(), "X", 4))
    chance = random.Random(3)
    assert {random_move(shown, "O", chance) for _ in range(300)} == {0, 1, 2, 3, 5, 6, 7, 8}


def test_a_view_is_all_that_a_computer_player_needs() -> None:
    seen = view(played(started(), 0, 3, 1, 4))
    shown = seen["board"]
    assert isinstance(shown, dict)
    assert seen["turn"] == "X"
    assert perfect_move(shown, "X", random.Random(1)) == 2
