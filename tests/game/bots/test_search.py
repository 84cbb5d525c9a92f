"""The search finds what is beyond the next stone: forced wins, and the only answer to what would become one."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import assume, given, settings

from game.bots.lines import Stones, cells_of, stones_on
from game.bots.search import best_cell
from game.bots.strategy import choose, steps
from game.games.tictactoe import TicTacToe, rules_with
from game.rules import SEATS, Seat
from tests.examples import examples
from tests.game.boards import board, running_games

LOOKS = 3_000


def best(shown: dict[str, Any], seat: Seat, seed: int = 1) -> int:
    stones = stones_on(rules_with(shown), shown["cells"])
    return best_cell(stones, SEATS.index(seat), random.Random(seed), steps(LOOKS))


def test_the_opening_is_where_most_lines_are_open() -> None:
    assert best(board(5, " ".join(["." * 7] * 7)), "X") == 24


def test_two_threats_at_once_are_made() -> None:
    """Two stones in an open row, four to win: a third beside them can be completed at both ends."""
    shown = board(4, "....... ....... ..XX... O...... ....O.. .......")
    assert best(shown, "X") in {15, 18}


def test_two_threats_at_once_are_not_allowed() -> None:
    shown = board(4, "....... ....... ..XX... ....... ....O.. .......")
    assert best(shown, "O") in {15, 18, 14, 19}


def test_a_win_is_found_that_is_several_threats_deep() -> None:
    """Five to win: one four, its answer, another four, its answer, and then a row that is open at both ends."""
    shown = board(
        5,
        "XXX....... ...X...O.. ...X...... .XX....O.. .......... ..O....... .....O.... .......O.. .......... O.........",
    )
    stones = stones_on(rules_with(shown), "".join(str(shown["cells"])))
    assert not any(stones.wins)
    assert wins_against_all(stones, 0, deep=4)


@pytest.mark.parametrize("opponent", ["hard", "medium"])
def test_who_begins_wins_with_four_in_a_row_on_6_by_5(opponent: str) -> None:
    """As it should be: trying every cell, this search proves that a first stone on 14 wins in 13 stones."""
    rules = rules_with({"width": 6, "height": 5, "in_a_row": 4})
    for seed in range(3):
        chance, position = random.Random(seed), rules.opening()
        while position.turn is not None:
            level = "hard" if position.turn == "X" else opponent
            cell = choose(level, rules.describe(position), position.turn, chance, steps(LOOKS))
            position = rules.play(position, position.turn, cell)
        assert position.outcome is not None
        assert position.outcome.winner == "X"


def wins_against_all(stones: Stones, side: int, deep: int) -> bool:
    """Whether the search, playing ``side``, completes a line within so many own stones, whatever is answered."""
    stones = stones.play(best_cell(stones, side, random.Random(3), steps(LOOKS)), side)
    if stones.won:
        return True
    if deep <= 1 or stones.wins[1 - side]:
        return False
    threats = stones.wins[side]
    answers = cells_of(threats or stones.free)
    return all(wins_against_all(stones.play(cell, 1 - side), side, deep - 1) for cell in answers)


def solved(stones: Stones, side: int) -> int:
    """Who wins with best play, by looking at everything: 1 the side to move, -1 the other, 0 nobody."""
    if stones.won:
        return -1
    if not stones.free:
        return 0
    return max(-solved(stones.play(cell, side), 1 - side) for cell in cells_of(stones.free))


@settings(max_examples=examples(60), deadline=None)
@given(running=running_games(left=6))
def test_near_the_end_the_search_plays_as_well_as_looking_at_everything(running: tuple[TicTacToe, Any]) -> None:
    rules, position = running
    stones, side = stones_on(rules, position.cells), SEATS.index(position.turn)
    assume(stones.free.bit_count() <= 6)
    cell = best_cell(stones, side, random.Random(1), steps(LOOKS))
    assert -solved(stones.play(cell, side), 1 - side) == solved(stones, side)


@pytest.mark.parametrize("in_a_row", [3, 4, 6, 10])
def test_a_cell_comes_also_where_nobody_can_win_any_more(in_a_row: int) -> None:
    chance = random.Random(4)
    rules = rules_with({"width": 10, "height": 3, "in_a_row": in_a_row})
    position = rules.opening()
    while position.turn is not None:
        stones = stones_on(rules, position.cells)
        cell = best_cell(stones, SEATS.index(position.turn), chance, steps(30))
        position = rules.play(position, position.turn, cell)
    assert position.outcome is not None
