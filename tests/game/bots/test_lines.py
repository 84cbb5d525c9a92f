"""What the lines promise, counted move by move, is what counting from scratch by the rules finds."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from game.bots.lines import DIGIT, cells_of, stones_on
from game.games.tictactoe import TicTacToe
from game.rules import SEATS, other
from tests.examples import examples
from tests.game.boards import running_games, sizes, winning_cells


@settings(max_examples=examples(150), deadline=None)
@given(running=running_games())
def test_wins_promises_and_open_lines_are_those_of_the_board(running: tuple[TicTacToe, Any]) -> None:
    rules, position = running
    cells = position.cells
    stones = stones_on(rules, cells)
    assert cells_of(stones.free) == [cell for cell, stone in enumerate(cells) if stone == "."]
    assert cells_of(stones.xs) == [cell for cell, stone in enumerate(cells) if stone == "X"]
    assert not stones.won
    for side, seat in enumerate(SEATS):
        assert set(cells_of(stones.wins[side])) == winning_cells(rules, position, seat)
        for cell in cells_of(stones.free):
            own = [[cells[c] for c in line] for line in rules.lines_through(cell)]
            promise = sum(1 << DIGIT * line.count(seat) for line in own if other(seat) not in line)
            assert stones.promise[side][cell] == promise
    assert stones.open_lines == sum(len({cells[c] for c in line} - {"."}) < 2 for line in rules.lines())


@settings(max_examples=examples(60), deadline=None)
@given(running=running_games())
def test_what_is_good_for_one_side_is_bad_for_the_other(running: tuple[TicTacToe, Any]) -> None:
    rules, position = running
    swapped = position.cells.translate(str.maketrans("XO", "OX"))
    here, there = stones_on(rules, position.cells), stones_on(rules, swapped)
    assert here.balance == -there.balance
    assert here.wins == there.wins[::-1]


@given(rules=sizes())
def test_no_digit_of_a_promise_overflows(rules: TicTacToe) -> None:
    assert all(len(rules.lines_through(cell)) < 1 << DIGIT for cell in range(rules.width * rules.height))


@settings(max_examples=examples(60), deadline=None)
@given(running=running_games())
def test_a_stone_that_completes_a_line_has_won_and_no_other_has(running: tuple[TicTacToe, Any]) -> None:
    rules, position = running
    stones, side = stones_on(rules, position.cells), SEATS.index(position.turn)
    won = {cell for cell in cells_of(stones.free) if stones.play(cell, side).won}
    assert won == winning_cells(rules, position, position.turn)
