"""Whom a watcher ends and starts, edge by edge, on a clock of the test's own."""

from __future__ import annotations

import pytest

from server.supervision.supervision import LONGEST_PAUSE_S, Action, Condition, RestartLimits, Supervision

PATIENCE = RestartLimits(grace_s=10.0, hang_s=1.2, start_limit_s=5.0, stable_s=0.5)


def watched(*, ran_before: bool = True, patience: RestartLimits = PATIENCE) -> Supervision:
    return Supervision(patience, 0.0, ran_before=ran_before)


def test_absent_to_starting_at_once_if_it_ran_before() -> None:
    life = watched()
    assert life.tick(0.0) is Action.START
    assert life.condition is Condition.STARTING


def test_absent_to_starting_after_the_grace_if_it_never_ran() -> None:
    life = watched(ran_before=False)
    assert life.tick(9.9) is None
    assert life.due_in_s(9.0) == pytest.approx(1.0)
    assert life.tick(10.0) is Action.START


def test_absent_to_running_when_somebody_else_starts_it() -> None:
    life = watched(ran_before=False)
    life.heard(1.0)
    assert life.condition is Condition.RUNNING
    assert life.starts == 0


def test_running_to_starting_at_once_when_it_dies() -> None:
    life = watched()
    life.heard(0.0)
    life.heard(3.0)
    assert life.ended(3.1) is Action.START
    assert life.failures == 0


def test_running_to_ending_when_it_misses_its_heartbeats() -> None:
    life = watched()
    life.heard(0.0)
    assert life.tick(1.2) is None
    assert life.tick(1.3) is Action.END
    assert life.condition is Condition.ENDING
    assert life.tick(2.0) is None
    assert life.ended(2.1) is Action.START


def test_starting_to_ending_when_it_does_not_answer_in_time() -> None:
    life = watched()
    life.tick(0.0)
    assert life.tick(5.0) is None
    assert life.tick(5.1) is Action.END


def test_starting_to_backoff_with_pauses_that_grow_to_a_limit() -> None:
    life = watched()
    assert life.tick(0.0) is Action.START
    now, pauses = 0.0, []
    for _ in range(12):
        assert life.ended(now) is None
        assert life.condition is Condition.BACKOFF
        due = life.due_in_s(now)
        assert due is not None
        pauses.append(due)
        assert life.tick(now + due * 0.99) is None
        now += due
        assert life.tick(now) is Action.START
    assert pauses == sorted(pauses)
    assert pauses[0] < 0.1
    assert pauses[-1] == LONGEST_PAUSE_S
    assert life.failures == 12


def test_one_that_dies_soon_after_its_start_counts_as_failed() -> None:
    life = watched()
    life.tick(0.0)
    life.heard(0.2)
    assert life.ended(0.4) is None
    assert life.failures == 1


def test_one_that_ran_for_a_while_starts_with_a_clean_slate() -> None:
    life = watched()
    life.tick(0.0)
    life.ended(0.1)
    life.tick(1.0)
    life.heard(1.2)
    life.heard(1.8)
    assert life.failures == 0
    assert life.ended(1.9) is Action.START


def test_backoff_to_running_when_somebody_else_starts_it() -> None:
    life = watched()
    life.tick(0.0)
    life.ended(0.1)
    life.heard(0.11)
    assert life.condition is Condition.RUNNING


def test_the_end_of_what_was_not_running_starts_nothing_early() -> None:
    life = watched(ran_before=False)
    assert life.ended(1.0) is None
    assert life.ended(10.0) is Action.START


def test_a_start_that_met_another_of_its_role_waits_for_that_one() -> None:
    life = watched()
    life.tick(0.0)
    life.yielded(0.3)
    assert life.failures == 0
    assert life.tick(1.4) is None
    assert life.tick(1.6) is Action.START


def test_courtesy_ends_when_nobody_else_is_there_who_could_go_first() -> None:
    life = watched(patience=RestartLimits(grace_s=10.0, hang_s=1.2, start_limit_s=5.0, courtesy_s=0.8))
    life.heard(1.0)
    life.heard(2.0)
    life.ended(2.1)
    life.hurry(2.2)
    assert life.tick(2.2) is Action.START


def test_no_hurry_for_one_that_keeps_dying() -> None:
    life = watched()
    life.tick(0.0)
    life.ended(0.1)
    life.hurry(0.1)
    assert life.tick(0.1) is None


def test_courtesy_leaves_the_start_to_another_watcher() -> None:
    life = watched(patience=RestartLimits(grace_s=10.0, hang_s=1.2, start_limit_s=5.0, courtesy_s=0.8))
    life.heard(1.0)
    life.heard(2.0)
    assert life.ended(2.1) is None
    assert life.tick(2.8) is None
    assert life.tick(2.95) is Action.START
