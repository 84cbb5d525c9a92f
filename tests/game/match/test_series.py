"""A series: how long it may be, when it is over, who has won it."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.errors import InvalidArgument
from game.match.series import ENDLESS, LONGEST_SERIES, check_best_of, is_over, winner
from tests.game.playing import JUNK, UNTIMED

_RESULTS = ("ann", "bob", None)
"""Who has won a game; None in a draw."""


def tally(results: tuple[str | None, ...]) -> tuple[Counter[str], int]:
    return Counter(who for who in results if who is not None), results.count(None)


def test_a_best_of_three_is_over_after_two_wins_or_three_games() -> None:
    assert not is_over(3, {}, 0)
    assert not is_over(3, {"ann": 1}, 0)
    assert is_over(3, {"ann": 2}, 0)
    assert not is_over(3, {"ann": 1, "bob": 1}, 0)
    assert not is_over(3, {"ann": 1}, 1), "bob can still come level"
    assert is_over(3, {"ann": 1}, 2)
    assert is_over(3, {}, 3), "three draws are a drawn series"
    assert is_over(3, {"ann": 1, "bob": 1}, 1)


def test_a_single_game_is_over_when_it_is_drawn_too() -> None:
    assert is_over(1, {"ann": 1}, 0)
    assert is_over(1, {}, 1)


@pytest.mark.parametrize("best_of", [1, 3, 5, 7])
def test_a_series_is_over_exactly_when_no_outcome_of_the_rest_can_change_the_winner(best_of: int) -> None:
    for played in range(best_of + 1):
        for results in itertools.combinations_with_replacement(_RESULTS, played):
            rest = itertools.combinations_with_replacement(_RESULTS, best_of - played)
            possible = {winner(tally(results + more)[0]) for more in rest}
            assert is_over(best_of, *tally(results)) == (len(possible) == 1), results


@UNTIMED
@given(st.lists(st.sampled_from(_RESULTS)))
def test_games_without_end_are_never_over(results: list[str | None]) -> None:
    assert not is_over(ENDLESS, *tally(tuple(results)))


def test_who_has_won_more_has_won() -> None:
    assert winner({}) is None
    assert winner({"ann": 1}) == "ann"
    assert winner({"ann": 1, "bob": 2}) == "bob"
    assert winner({"ann": 2, "bob": 2}) is None


def test_a_series_is_of_an_odd_number_of_games_or_without_end() -> None:
    good = [ENDLESS, *range(1, LONGEST_SERIES + 1, 2)]
    assert [check_best_of(value) for value in good] == good
    for value in {*range(-3, LONGEST_SERIES + 5)} - {*good}:
        with pytest.raises(InvalidArgument, match="best_of"):
            check_best_of(value)


@UNTIMED
@given(JUNK | st.sampled_from((True, 3.0, "3", [3])))
def test_junk_is_no_length_of_a_series(junk: object) -> None:
    try:
        assert check_best_of(junk) == junk
        assert type(junk) is int
    except InvalidArgument:
        pass
