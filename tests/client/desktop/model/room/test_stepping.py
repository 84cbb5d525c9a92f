"""Looking back at a game, move by move."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from client.desktop.model.room.stepping import Steps


@given(st.lists(st.one_of(st.integers(-12, 12), st.integers(0, 9).map(str)), max_size=30))
def test_wherever_one_goes_it_is_within_the_game_and_back_at_the_end_one_looks_back_no_more(
    ways: list[int | str],
) -> None:
    """A number is a step, and a text a game of so many moves, whose last position is looked at."""
    steps = Steps()
    shown = count = 0
    for way in ways:
        if isinstance(way, str):
            shown = count = int(way)
            steps.to_end(count)
        else:
            shown = max(0, min(count, shown + way))
            steps.go(way)
        assert (steps.shown, steps.count, steps.looks_back) == (shown, count, shown < count)
