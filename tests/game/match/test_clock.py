"""The clocks of a game: what is charged, to whom, and when a flag falls."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.errors import InvalidArgument, InvariantBroken
from game.match.clock import (
    LONGEST_BASE_MIN,
    LONGEST_INCREMENT_S,
    LONGEST_MOVE_S,
    NO_CLOCK,
    Clock,
    ClockRule,
    clock_rule,
    clock_text,
    flag_at,
    has_run_down,
    left,
    press,
    start,
    stop,
    turn_to,
)
from game.rules import SEATS, Seat, other
from tests.game.playing import JUNK, UNTIMED

TEN_A_MOVE = ClockRule("per_move", 10_000)
THREE_AND_TWO = ClockRule("increment", 180_000, 2000)
RULES = st.builds(lambda s: ClockRule("per_move", 1000 * s), st.integers(1, LONGEST_MOVE_S)) | st.builds(
    lambda base_min, more_s: ClockRule("increment", 60_000 * base_min, 1000 * more_s),
    st.integers(1, LONGEST_BASE_MIN),
    st.integers(0, LONGEST_INCREMENT_S),
)


def started(rule: ClockRule, at: int = 0) -> Clock:
    clock = start(rule, "X", at)
    assert clock is not None
    return clock


# -- how it is written ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("none", NO_CLOCK),
        ("10s", TEN_A_MOVE),
        ("1s", ClockRule("per_move", 1000)),
        ("600s", ClockRule("per_move", 600_000)),
        ("3+2", THREE_AND_TWO),
        ("180+60", ClockRule("increment", 10_800_000, 60_000)),
        ("1+0", ClockRule("increment", 60_000, 0)),
    ],
)
def test_a_rule_is_read_and_written_as_people_write_it(text: str, rule: ClockRule) -> None:
    assert clock_rule(text) == rule
    assert clock_text(rule) == text


@UNTIMED
@given(RULES | st.just(NO_CLOCK))
def test_what_is_written_is_read_as_the_same_rule(rule: ClockRule) -> None:
    assert clock_rule(clock_text(rule)) == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0s",
        "601s",
        "-1s",
        "1.5s",
        "10",
        "10 s",
        "s",
        "0+2",
        "181+0",
        "3+61",
        "3+",
        "+2",
        "3+-1",
        "\uff13+2",
        "10s\n",
    ],
)
def test_other_clocks_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="clock"):
        clock_rule(text)


def test_g9_what_is_remembered_of_refused_clocks_is_small() -> None:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(1000):
            with pytest.raises(InvalidArgument):
                clock_rule(f"{number}{'s' * 60_000}")
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1_000_000


@UNTIMED
@given(JUNK | st.just([]) | st.just({"clock": "10s"}))
def test_junk_is_no_clock_and_breaks_nothing(junk: object) -> None:
    with pytest.raises(InvalidArgument, match="clock"):
        clock_rule(junk)


# -- by example -------------------------------------------------------------------------------------------------------


def test_without_clocks_there_are_none() -> None:
    assert start(NO_CLOCK, "X", 5) is None


def test_with_so_much_a_move_every_move_has_all_of_it() -> None:
    clock = press(started(TEN_A_MOVE), 7000)
    assert (clock.running, clock.left) == ("O", (10_000, 10_000))
    assert (left(clock, "O", 9000), left(clock, "X", 9000)) == (8000, 10_000)
    assert flag_at(clock) == 17_000


def test_with_an_increment_what_is_used_is_gone_and_the_move_gives_some_back() -> None:
    clock = press(started(THREE_AND_TWO), 5000)
    assert clock.left == (177_000, 180_000)
    clock = press(clock, 5500)
    assert (clock.left, clock.running) == ((177_000, 181_500), "X")


def test_the_flag_falls_with_the_last_millisecond_and_stays_down() -> None:
    clock = started(TEN_A_MOVE, 500)
    assert flag_at(clock) == 10_500
    assert (left(clock, "X", 10_499), has_run_down(clock, 10_499)) == (1, False)
    assert (left(clock, "X", 10_500), has_run_down(clock, 10_500)) == (0, True)
    assert (left(clock, "X", 99_000), has_run_down(clock, 99_000)) == (0, True)


def test_clocks_that_stand_stand() -> None:
    clock = stop(press(started(THREE_AND_TWO), 1000), 4000)
    assert (clock.left, clock.running, flag_at(clock)) == ((181_000, 177_000), None, None)
    assert stop(clock, 9000) == clock
    assert not has_run_down(clock, 1 << 60)


def test_moves_taken_back_turn_the_clock_and_give_no_time_back() -> None:
    clock = turn_to(press(started(THREE_AND_TWO), 10_000), "X", 15_000)
    assert (clock.left, clock.running, clock.since) == ((172_000, 175_000), "X", 15_000)
    clock = turn_to(press(started(TEN_A_MOVE), 9000), "X", 15_000)
    assert (clock.left, flag_at(clock)) == ((10_000, 10_000), 25_000)


def test_nobody_moves_or_takes_back_after_their_time() -> None:
    clock = started(TEN_A_MOVE)
    with pytest.raises(InvariantBroken):
        press(clock, 10_000)
    with pytest.raises(InvariantBroken):
        turn_to(clock, "O", 10_000)
    with pytest.raises(InvariantBroken):
        press(stop(clock, 5), 6)


# -- whatever is done -------------------------------------------------------------------------------------------------

_TURNS: dict[str, Seat | None] = {"press": None, "turn to X": "X", "turn to O": "O"}
_DOINGS = st.lists(st.tuples(st.sampled_from(sorted(_TURNS)), st.integers(0, 700_000)), max_size=30)


@UNTIMED
@given(RULES, _DOINGS, st.integers(0, 1 << 40))
def test_what_is_charged_is_the_time_that_passed_and_nobody_has_less_than_nothing(
    rule: ClockRule, doings: list[tuple[str, int]], began: int
) -> None:
    """All time from the first to the last doing before a flag falls is taken from somebody's clock, and once."""
    clock, at, increments = started(rule, began), began, 0
    for what, pause_ms in doings:
        at += pause_ms
        if has_run_down(clock, at):
            assert clock.running is not None
            assert left(clock, clock.running, at) == 0
            assert at - clock.since >= left(clock, clock.running, clock.since)
            return
        before = clock
        turn = _TURNS[what]
        clock = press(clock, at) if turn is None else turn_to(clock, turn, at)
        increments += turn is None
        assert min(clock.left) > 0
        assert clock.running == (turn or other(before.running or "X"))
        if rule.kind == "per_move":
            assert clock.left == (rule.base_ms, rule.base_ms)
        else:
            assert sum(clock.left) == 2 * rule.base_ms + increments * rule.increment_ms - (at - began)


@UNTIMED
@given(RULES, st.sampled_from(SEATS), st.integers(0, 1 << 40), st.integers(0, 1 << 40), st.integers(0, 1 << 40))
def test_whenever_it_is_asked_the_same_one_has_run_down(
    rule: ClockRule, seat: Seat, at: int, later: int, much_later: int
) -> None:
    clock = start(rule, seat, at)
    assert clock is not None
    flag = flag_at(clock)
    assert flag is not None
    for asked_at in (at + later, at + later + much_later):
        assert has_run_down(clock, asked_at) == (asked_at >= flag)
        assert left(clock, other(seat), asked_at) == rule.base_ms
        assert left(clock, seat, asked_at) == max(0, flag - asked_at)
