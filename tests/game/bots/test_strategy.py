"""Computer players: what each level promises on every board. On 3×3 every choice of ``hard`` is followed against every
reply; elsewhere time is a number of positions, so that no machine is too slow for a test.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from game.bots.strategy import LEVELS, OFFERED, choose, steps, within
from game.errors import GameNotRunning, InvalidArgument
from game.forms.views import view
from game.games.tictactoe import TicTacToe, rules_with
from game.rules import Position, Rules, Seat, other
from tests.examples import examples
from tests.game.boards import board, free_cells, running_games, winning_cells
from tests.game.playing import played, started

THREE = rules_with({})
SEES_ONE_AHEAD = ("medium", "hard", "perfect")
LARGER = [(4, 4, 4), (5, 4, 4), (6, 6, 4), (7, 6, 4), (7, 7, 5), (8, 8, 5), (10, 10, 5), (10, 10, 6), (10, 10, 10)]


class AllChoices(random.Random):
    """Chance that says what it may choose from, so that a test can follow all of it."""

    options: Sequence[Any] = ()

    def choice(self, seq: Sequence[Any]) -> Any:
        self.options = seq
        return seq[0]


def choices(position: Position, seat: Seat) -> Sequence[int]:
    """All cells that the strongest level may play on 3×3."""
    chance = AllChoices()
    choose("hard", THREE.describe(position), seat, chance, steps(0))
    return chance.options


def play_game(rules: Rules, x: str, o: str, chance: random.Random, looks: int) -> Seat | None:
    """One game between two levels, each with so many looks at a position a move; who wins it."""
    position = rules.opening()
    while (seat := rules.to_move(position)) is not None:
        level = x if seat == "X" else o
        position = rules.play(position, seat, choose(level, rules.describe(position), seat, chance, steps(looks)))
    outcome = rules.outcome(position)
    assert outcome is not None
    return outcome.winner


def results(own: Seat) -> dict[Seat | None, int]:
    """How many positions are the end of a game that ``hard`` plays with ``own``, by who wins."""
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
        for cell in choices(position, seat) if seat == own else free_cells(position):
            play_on(THREE.play(position, seat, cell))

    play_on(THREE.opening())
    return ends


@pytest.mark.parametrize("own", ["X", "O"])
def test_hard_never_loses_on_3_by_3_whatever_it_chooses_and_whatever_comes_back(own: Seat) -> None:
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
            ahead += [THREE.play(position, seat, cell) for cell in free_cells(position)]


def test_in_every_position_on_3_by_3_hard_wins_at_once_where_it_can_and_else_does_not_let_the_other() -> None:
    for position in reachable():
        seat = THREE.to_move(position)
        assert seat is not None
        chosen = set(choices(position, seat))
        wins, threats = winning_cells(THREE, position, seat), winning_cells(THREE, position, other(seat))
        if wins:
            assert chosen == wins
        elif len(threats) == 1:  # against two at once there is no help
            assert chosen == threats


def test_hard_makes_a_lost_game_last() -> None:
    """X in a corner, O beside it: X wins, and the best play of both takes seven moves."""
    for seed in range(30):
        chance = random.Random(seed)
        position = THREE.play(THREE.play(THREE.opening(), "X", 0), "O", 1)
        while (seat := THREE.to_move(position)) is not None:
            cell = choose("hard", THREE.describe(position), seat, chance, steps(0))
            position = THREE.play(position, seat, cell)
        outcome = THREE.outcome(position)
        assert outcome is not None
        assert outcome.winner == "X"
        assert position.cells.count(".") == 2


def test_hard_leaves_it_to_chance_which_of_the_best_cells_it_plays() -> None:
    shown = THREE.describe(THREE.play(THREE.opening(), "X", 4))
    assert {choose("hard", shown, "O", random.Random(seed), steps(0)) for seed in range(60)} == {0, 2, 6, 8}


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
@pytest.mark.parametrize("level", SEES_ONE_AHEAD)
def test_wins_in_one_or_else_blocks_in_one(level: str, shown: dict[str, object], seat: Seat, cell: int) -> None:
    assert choose(level, shown, seat, random.Random(1), steps(0)) == cell


@pytest.mark.parametrize("level", SEES_ONE_AHEAD)
@settings(max_examples=examples(150), deadline=None)
@given(running=running_games())
def test_no_win_in_one_and_no_forced_block_is_ever_missed(level: str, running: tuple[TicTacToe, Any]) -> None:
    rules, position = running
    seat = position.turn
    wins, threats = winning_cells(rules, position, seat), winning_cells(rules, position, other(seat))
    cell = choose(level, rules.describe(position), seat, random.Random(7), steps(10))
    if wins or threats:
        assert cell in (wins or threats)
    assert rules.play(position, seat, cell)


@settings(max_examples=examples(60), deadline=None)
@given(running=running_games())
def test_easy_takes_its_win_but_not_always_blocks(running: tuple[TicTacToe, Any]) -> None:
    rules, position = running
    wins = winning_cells(rules, position, position.turn)
    if wins:
        assert choose("easy", rules.describe(position), position.turn, random.Random(7), steps(0)) in wins
    threatened = board(4, "XXX... O..... ...O..")
    chosen = {choose("easy", threatened, "O", random.Random(seed), steps(0)) for seed in range(40)}
    assert 3 in chosen
    assert chosen != {3}


@pytest.mark.parametrize("size", LARGER)
def test_hard_beats_random_at_least_98_of_100_times_on_larger_boards(size: tuple[int, int, int]) -> None:
    rules = rules_with(dict(zip(("width", "height", "in_a_row"), size, strict=True)))
    won = 0
    for number in range(100):
        own: Seat = "X" if number % 2 else "O"
        seats = ("hard", "random") if own == "X" else ("random", "hard")
        won += play_game(rules, *seats, random.Random(number), looks=60) == own
    assert won >= 98


@pytest.mark.parametrize(("stronger", "weaker"), [("hard", "medium"), ("medium", "easy"), ("easy", "random")])
@pytest.mark.parametrize("size", [(3, 3, 3), (5, 4, 4), (6, 6, 4)])
def test_each_level_is_stronger_than_the_one_below(size: tuple[int, int, int], stronger: str, weaker: str) -> None:
    rules = rules_with(dict(zip(("width", "height", "in_a_row"), size, strict=True)))
    won = lost = 0
    for number in range(60):
        own: Seat = "X" if number % 2 else "O"
        seats = (stronger, weaker) if own == "X" else (weaker, stronger)
        winner = play_game(rules, *seats, random.Random(number), looks=100)
        won, lost = won + (winner == own), lost + (winner == other(own))
    assert won > lost


@pytest.mark.parametrize("level", sorted(LEVELS))
@pytest.mark.parametrize("options", [{}, {"width": 6, "height": 4, "in_a_row": 4}])
def test_every_level_plays_legal_games_to_the_end(level: str, options: dict[str, object]) -> None:
    for seed in range(20):
        play_game(rules_with(options), level, level, random.Random(seed), looks=20)


@pytest.mark.parametrize("level", sorted(LEVELS))
@settings(max_examples=examples(25), deadline=None)
@given(running=running_games())
def test_the_same_chance_and_number_of_looks_choose_the_same(level: str, running: tuple[TicTacToe, Any]) -> None:
    rules, position = running
    shown = rules.describe(position)
    kept = dict(shown)
    first, again = (choose(level, shown, position.turn, random.Random(5), steps(40)) for _ in range(2))
    assert first == again
    assert shown == kept


def test_random_plays_every_free_cell_some_time() -> None:
    shown = THREE.describe(THREE.play(THREE.opening(), "X", 4))
    chance = random.Random(3)
    assert {choose("random", shown, "O", chance, steps(0)) for _ in range(300)} == {0, 1, 2, 3, 5, 6, 7, 8}


def test_a_view_is_all_that_a_computer_player_needs() -> None:
    seen = view(played(started(), 0, 3, 1, 4))
    shown = seen["board"]
    assert isinstance(shown, dict)
    assert seen["turn"] == "X"
    assert choose("hard", shown, "X", random.Random(1), steps(0)) == 2


def test_people_choose_from_levels_that_there_are() -> None:
    assert set(OFFERED) < set(LEVELS)


GOOD = board(3, "XX. OO. ...")


@pytest.mark.parametrize(
    ("level", "shown", "seat"),
    [
        ("clever", GOOD, "X"),
        ("hard", GOOD, "Z"),
        ("hard", {**GOOD, "width": 11}, "X"),
        ("hard", {**GOOD, "in_a_row": 4}, "X"),
        ("hard", {**GOOD, "cells": "XX."}, "X"),
        ("hard", {**GOOD, "cells": "XX?OO...."}, "X"),
        ("hard", {**GOOD, "cells": None}, "X"),
        ("hard", {"width": 3, "height": 3, "in_a_row": 3}, "X"),
    ],
)
def test_what_is_no_level_seat_or_board_is_refused(level: str, shown: dict[str, object], seat: Any) -> None:
    with pytest.raises(InvalidArgument):
        choose(level, shown, seat, random.Random(1), steps(0))


@pytest.mark.parametrize("level", sorted(LEVELS))
@pytest.mark.parametrize("rows", ["XXX OO. ...", "XOX XOO OXX", "XXXO OOO. .... X..."])
def test_a_game_that_is_over_has_no_next_move(level: str, rows: str) -> None:
    with pytest.raises(GameNotRunning):
        choose(level, board(3, rows), "O", random.Random(1), steps(0))


# -- time ---------------------------------------------------------------------------------------------------------


class Clock:
    """Time that moves only when it is told to, and when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


def test_thinking_goes_on_for_its_time_and_rests_a_little_again_and_again() -> None:
    clock = Clock()
    go_on = within(0.3, clock, clock.sleep)
    looks = 0
    while go_on():
        looks += 1
        clock.now += 0.0005
    assert 100.3 <= clock.now < 100.301
    assert len(clock.slept) > 200
    assert sum(clock.slept) < 0.05
    assert not go_on()


def test_thinking_without_time_ends_at_once() -> None:
    clock = Clock()
    assert not within(0.0, clock, clock.sleep)()
    assert not steps(0)()


def asked(go_on: Callable[[], bool]) -> tuple[Callable[[], bool], list[bool]]:
    """The same, with a list of its answers."""
    answers: list[bool] = []

    def noting() -> bool:
        answers.append(go_on())
        return answers[-1]

    return noting, answers


def test_a_search_that_is_told_to_stop_asks_no_more() -> None:
    rules = rules_with({"width": 10, "height": 10, "in_a_row": 5})
    shown = rules.describe(rules.play(rules.opening(), "X", 44))
    for looks in (0, 1, 5, 50, 500):
        go_on, answers = asked(steps(looks))
        assert shown["cells"][choose("hard", shown, "O", random.Random(2), go_on)] == "."  # type: ignore[index]
        assert answers == [True] * looks + [False]
