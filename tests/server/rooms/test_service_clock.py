"""Service time as a main server tells it, with a clock by hand: it goes on, by so much at the most, and never back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rooms.service_clock import LONGEST_STEP_S, ServiceClock

STEPS = st.lists(
    st.tuples(st.just("pass"), st.floats(0.0, 2.0))
    | st.tuples(st.just("tick"), st.just(0.0))
    | st.tuples(st.just("reached"), st.integers(0, 3000).map(float)),
    max_size=30,
)


@given(STEPS)
def test_it_never_goes_back_whatever_was_reached_before(steps: list[tuple[str, float]]) -> None:
    clock = 0.0
    time = ServiceClock(lambda: clock)
    told = 0
    for step, by in steps:
        if step == "pass":
            clock += by
        elif step == "tick":
            assert time.tick() >= told
        else:
            time.at_least(int(by))
            assert time.now() >= by
        assert time.now() >= told
        told = time.now()


def test_a_room_of_the_last_term_does_not_set_it_back() -> None:
    clock = 0.0
    time = ServiceClock(lambda: clock)
    time.at_least(5000)
    clock = 0.25
    time.at_least(5100)
    assert time.now() == 5250


def test_a_hang_costs_no_more_than_one_step() -> None:
    clock = 0.0
    time = ServiceClock(lambda: clock)
    clock = 60.0
    assert time.now() == time.tick() == pytest.approx(1000 * LONGEST_STEP_S)
