"""The rules of tic-tac-toe, by counting all games and by lines on larger boards, through the port that rooms use."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.errors import CellTaken, InvalidArgument
from game.games.registry import rules_named
from game.games.tictactoe import LARGEST, rules_with
from game.rules import Outcome, Position, Rules, Seat, other
from tests.game.playing import JUNK, UNTIMED

THREE = rules_named("tictactoe", {})


def position_after(rules: Rules, *moves: int) -> Position:
    """The position after moves of X and O in turn."""
    position, seat = rules.opening(), "X"
    for move in moves:
        position = rules.play(position, seat, move)
        seat = other(seat)
    return position


def filled(rules: Rules, own: tuple[int, ...], others: tuple[int, ...]) -> Position:
    """The position after X played ``own`` and O, in between, ``others``."""
    moves: list[int] = []
    for index, move in enumerate(own):
        moves.append(move)
        if index + 1 < len(own):
            moves.append(others[index])
    return position_after(rules, *moves)


def test_there_are_255168_games_and_5478_positions_on_3_by_3() -> None:
    positions = set()

    @cache  # many games come by one position, and go on from there alike
    def results_from(position: Position) -> Counter[Seat | None]:
        positions.add(THREE.describe(position)["cells"])
        outcome = THREE.outcome(position)
        seat = THREE.to_move(position)
        if outcome is not None:
            assert seat is None
            return Counter([outcome.winner])
        assert seat is not None
        free = (cell for cell, stone in enumerate(position.cells) if stone == ".")
        return sum((results_from(THREE.play(position, seat, cell)) for cell in free), Counter())

    results = results_from(THREE.opening())
    assert results == {"X": 131_184, "O": 77_904, None: 46_080}
    assert results.total() == 255_168
    assert len(positions) == 5_478


@pytest.mark.parametrize(
    ("width", "height", "in_a_row", "line"),
    [
        (3, 3, 3, (2, 4, 6)),
        (10, 10, 5, (95, 96, 97, 98, 99)),
        (10, 10, 10, tuple(range(0, 100, 11))),
        (10, 3, 10, tuple(range(10, 20))),
        (3, 10, 10, tuple(range(1, 31, 3))),
        (7, 4, 4, (6, 12, 18, 24)),
        (4, 7, 4, (12, 17, 22, 27)),
    ],
)
@pytest.mark.parametrize("last", [0, 1, -1])
def test_a_line_wins_in_any_direction_whichever_stone_comes_last(
    width: int, height: int, in_a_row: int, line: tuple[int, ...], last: int
) -> None:
    rules = rules_with({"width": width, "height": height, "in_a_row": in_a_row})
    order = (*(cell for cell in line if cell != line[last]), line[last])
    # O's stones stand apart, on every third free cell, and make no line of their own
    elsewhere = [cell for cell in range(width * height) if cell not in line]
    others = tuple(elsewhere[::3] if len(elsewhere) >= 3 * in_a_row else elsewhere)[: in_a_row - 1]
    position = filled(rules, order, others)
    assert rules.outcome(position) == Outcome("line", "X", line)
    assert rules.to_move(position) is None
    assert rules.describe(position)["line"] == list(line)


@pytest.mark.parametrize("own", [(2, 3, 4), (3, 4, 5), (3, 8, 13), (4, 7, 10)])
def test_a_row_that_goes_round_the_edge_is_no_line(own: tuple[int, ...]) -> None:
    rules = rules_with({"width": 4, "height": 4, "in_a_row": 3})
    assert rules.outcome(filled(rules, own, (0, 1))) is None


def test_one_move_that_completes_two_lines_has_the_cells_of_both() -> None:
    position = position_after(THREE, 0, 4, 1, 3, 5, 6, 8, 7, 2)
    assert THREE.outcome(position) == Outcome("line", "X", (0, 1, 2, 5, 8))


def test_a_longer_row_than_needed_wins_with_all_its_cells() -> None:
    rules = rules_with({"width": 5, "height": 3, "in_a_row": 3})
    position = filled(rules, (0, 1, 3, 4, 2), (5, 7, 9, 11))
    assert rules.outcome(position) == Outcome("line", "X", (0, 1, 2, 3, 4))


def test_a_full_board_without_a_line_is_a_draw() -> None:
    position = position_after(THREE, 0, 1, 2, 4, 3, 5, 7, 6, 8)
    assert THREE.outcome(position) == Outcome("full", None)


def test_a_line_on_the_last_free_cell_is_a_win_and_no_draw() -> None:
    position = position_after(THREE, 0, 1, 2, 3, 4, 5, 7, 6, 8)
    assert THREE.outcome(position) == Outcome("line", "X", (0, 4, 8))


def test_every_line_of_every_board_is_straight_and_inside() -> None:
    for width in range(3, LARGEST + 1):
        for height in range(3, LARGEST + 1):
            rules = rules_with({"width": width, "height": height, "in_a_row": 3})
            expected = height * (width - 2) + width * (height - 2) + 2 * (width - 2) * (height - 2)
            assert len(set(rules.lines())) == expected
            for line in rules.lines():
                steps = {(b // width - a // width, b % width - a % width) for a, b in itertools.pairwise(line)}
                assert len(steps) == 1
                assert steps <= {(0, 1), (1, 0), (1, 1), (-1, 1)}


def test_a_taken_cell_is_refused() -> None:
    with pytest.raises(CellTaken):
        THREE.play(position_after(THREE, 4), "O", 4)


@UNTIMED
@given(JUNK)
def test_a_move_that_is_no_cell_is_refused(junk: object) -> None:
    if isinstance(junk, int) and not isinstance(junk, bool) and 0 <= junk < 9:
        assert THREE.play(THREE.opening(), "X", junk).cells[junk] == "X"
    else:
        with pytest.raises(InvalidArgument):
            THREE.play(THREE.opening(), "X", junk)


@pytest.mark.parametrize("move", [-1, 9, True, False, 0.0, "0", None, [0], 10**30])
def test_what_only_looks_like_a_cell_is_refused(move: object) -> None:
    with pytest.raises(InvalidArgument):
        THREE.play(THREE.opening(), "X", move)


@UNTIMED
@given(st.dictionaries(st.sampled_from(["width", "height", "in_a_row", "colour"]), JUNK | st.integers(1, 12)))
def test_options_make_rules_within_their_limits_or_are_refused(options: dict[str, object]) -> None:
    try:
        rules = rules_with(options)
    except InvalidArgument:
        return
    assert 3 <= rules.width <= 10
    assert 3 <= rules.height <= 10
    assert 3 <= rules.in_a_row <= max(rules.width, rules.height)
    assert rules_named("tictactoe", rules.options()) is rules


@pytest.mark.parametrize(
    "options",
    [{"width": 2}, {"height": 11}, {"in_a_row": 4}, {"in_a_row": 2}, {"width": True}, {"width": "3"}, {"width": None}],
)
def test_options_out_of_range_are_refused_by_name(options: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument, match=next(iter(options))):
        rules_named("tictactoe", options)


def test_rules_with_the_same_options_are_one_object() -> None:
    assert rules_named("tictactoe", {"width": 3, "unknown": 1}) is THREE
    assert rules_named("tictactoe", {"width": 4}) is not THREE


@UNTIMED
@given(JUNK)
def test_an_unknown_game_or_junk_for_options_is_refused(junk: object) -> None:
    with pytest.raises(InvalidArgument, match="tictactoe"):
        rules_named(junk, {})
    if not isinstance(junk, dict):
        with pytest.raises(InvalidArgument, match="options"):
            rules_named("tictactoe", junk)
