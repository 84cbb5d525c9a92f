"""What a row of the benchmark says, and when it holds."""

from __future__ import annotations

import pytest

from bench.figures import FigureRow, Round
from verify.testbed.percentiles import percentile


@pytest.mark.parametrize(("percent", "value"), [(1, 1.0), (50, 2.0), (51, 3.0), (99, 4.0), (100, 4.0)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == value


def test_a_ratio_is_the_median_of_the_rounds_and_not_of_the_values() -> None:
    row = FigureRow("move", "a move", "µs", (Round(10.0, 1.0), Round(20.0, 10.0), Round(30.0, 10.0)), "an echo", 3.0)
    assert row.ratio == 3.0
    assert row.spread == (2.0, 10.0)
    assert (row.value, row.yardstick) == (20.0, 10.0)
    assert row.holds


def test_with_a_yardstick_it_is_the_ratio_that_has_to_hold() -> None:
    rounds = (Round(7.0, 10.0),)
    assert FigureRow("moves", "moves", "1/s", rounds, "echoes", 0.65, "at least").holds
    assert not FigureRow("moves", "moves", "1/s", rounds, "echoes", 0.75, "at least").holds


def test_without_one_it_is_the_value() -> None:
    assert FigureRow("start", "a start", "s", (Round(0.8), Round(3.0), Round(0.9)), target=1.0).holds
    assert not FigureRow("start", "a start", "s", (Round(1.1),), target=1.0).holds


def test_without_a_target_nothing_has_to_hold() -> None:
    row = FigureRow("audience", "an audience", "ms", (Round(8.0),))
    assert row.holds is None
    assert row.as_plain()["holds"] is None


def test_an_absolute_row_is_held_by_its_value_although_it_has_a_yardstick() -> None:
    row = FigureRow("audience", "an audience", "ms", (Round(9.0, 2.0),), "plain sockets", 10.0, absolute=True)
    assert row.ratio == 4.5
    assert row.spread == (9.0, 9.0)
    assert row.holds


def test_processor_times_are_medians_by_server() -> None:
    rounds = tuple(Round(1.0, processor_us={"main": used}) for used in (10.0, 30.0, 90.0))
    row = FigureRow("move", "a move", "µs", rounds)
    assert row.as_plain()["processor_us"] == {"main": 30.0}
