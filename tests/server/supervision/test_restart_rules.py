"""When a supervisor starts and ends a process, edge by edge, on a simulated clock."""

from __future__ import annotations

import pytest

from server.supervision.restart_rules import (
    LONGEST_BACKOFF_AFTER_RUN_S,
    LONGEST_BACKOFF_S,
    Action,
    Condition,
    RestartLimits,
    Supervision,
)

LIMITS = RestartLimits(grace_s=10.0, hang_s=1.2, start_limit_s=5.0, stable_s=0.5)


def watched(*, ran_before: bool = True, limits: RestartLimits = LIMITS) -> Supervision:
    return Supervision(limits, 0.0, ran_before=ran_before)


def test_absent_to_starting_at_once_if_it_ran_before() -> None:
    supervision = watched()
    assert supervision.tick(0.0) is Action.START
    assert supervision.condition is Condition.STARTING


def test_absent_to_starting_after_the_grace_if_it_never_ran() -> None:
    supervision = watched(ran_before=False)
    assert supervision.tick(9.9) is None
    assert supervision.next_start_in_s(9.0) == pytest.approx(1.0)
    assert supervision.tick(10.0) is Action.START


def test_absent_to_running_when_somebody_else_starts_it() -> None:
    supervision = watched(ran_before=False)
    supervision.on_heartbeat(1.0)
    assert supervision.condition is Condition.RUNNING
    assert supervision.starts == 0


def test_running_to_starting_at_once_when_it_dies() -> None:
    supervision = watched()
    supervision.on_heartbeat(0.0)
    supervision.on_heartbeat(3.0)
    assert supervision.on_exit(3.1) is Action.START
    assert supervision.failures == 0


def test_running_to_ending_when_it_misses_its_heartbeats() -> None:
    supervision = watched()
    supervision.on_heartbeat(0.0)
    assert supervision.tick(1.2) is None
    assert supervision.tick(1.3) is Action.END
    assert supervision.condition is Condition.ENDING
    assert supervision.tick(2.0) is None
    assert supervision.on_exit(2.1) is Action.START


def test_starting_to_ending_when_it_does_not_answer_in_time() -> None:
    supervision = watched()
    supervision.tick(0.0)
    assert supervision.tick(5.0) is None
    assert supervision.tick(5.1) is Action.END


def test_starting_to_backoff_with_pauses_that_grow_to_a_limit() -> None:
    supervision = watched()
    assert supervision.tick(0.0) is Action.START
    now, pauses = 0.0, []
    for _ in range(12):
        assert supervision.on_exit(now) is None
        assert supervision.condition is Condition.BACKOFF
        due = supervision.next_start_in_s(now)
        assert due is not None
        pauses.append(due)
        assert supervision.tick(now + due * 0.99) is None
        now += due
        assert supervision.tick(now) is Action.START
    assert pauses == sorted(pauses)
    assert pauses[0] < 0.1
    assert pauses[-1] == LONGEST_BACKOFF_S
    assert supervision.failures == 12


def test_one_that_dies_soon_after_its_start_counts_as_failed() -> None:
    supervision = watched()
    supervision.tick(0.0)
    supervision.on_heartbeat(0.2)
    assert supervision.on_exit(0.4) is None
    assert supervision.failures == 1


def test_one_that_ran_for_a_while_starts_with_a_clean_slate() -> None:
    supervision = watched()
    supervision.tick(0.0)
    supervision.on_exit(0.1)
    supervision.tick(1.0)
    supervision.on_heartbeat(1.2)
    supervision.on_heartbeat(1.8)
    assert supervision.failures == 0
    assert supervision.on_exit(1.9) is Action.START


def test_one_that_is_killed_every_0_6_s_starts_at_once_also_when_a_start_takes_half_of_that() -> None:
    supervision = Supervision(RestartLimits(grace_s=0.0, hang_s=1.2, start_limit_s=5.0), 0.0, ran_before=True)
    assert supervision.tick(0.0) is Action.START
    for kill in range(1, 20):
        supervision.on_heartbeat(0.6 * kill - 0.3)
        assert supervision.on_exit(0.6 * kill) is Action.START


def test_one_that_is_killed_as_soon_as_it_serves_waits_only_a_moment() -> None:
    supervision = watched()
    assert supervision.tick(0.0) is Action.START
    now = 0.0
    for _ in range(20):
        supervision.on_heartbeat(now + 0.1)
        assert supervision.on_exit(now + 0.1) is None, "a server that dies by itself must not keep a core busy"
        now += 0.1 + 1.01 * LONGEST_BACKOFF_AFTER_RUN_S
        assert supervision.tick(now) is Action.START


def test_backoff_to_running_when_somebody_else_starts_it() -> None:
    supervision = watched()
    supervision.tick(0.0)
    supervision.on_exit(0.1)
    supervision.on_heartbeat(0.11)
    assert supervision.condition is Condition.RUNNING


def test_the_end_of_what_was_not_running_starts_nothing_early() -> None:
    supervision = watched(ran_before=False)
    assert supervision.on_exit(1.0) is None
    assert supervision.on_exit(10.0) is Action.START


def test_a_start_that_met_another_of_its_role_waits_for_that_one() -> None:
    supervision = watched()
    supervision.tick(0.0)
    supervision.on_other_process(0.3)
    assert supervision.failures == 0
    assert supervision.tick(1.4) is None
    assert supervision.tick(1.6) is Action.START


def test_it_stops_deferring_when_no_supervisor_has_priority() -> None:
    supervision = watched(limits=RestartLimits(grace_s=10.0, hang_s=1.2, start_limit_s=5.0, defer_s=0.8))
    supervision.on_heartbeat(1.0)
    supervision.on_heartbeat(2.0)
    supervision.on_exit(2.1)
    supervision.stop_deferring(2.2)
    assert supervision.tick(2.2) is Action.START


def test_the_backoff_of_a_failing_start_is_not_cut_short() -> None:
    supervision = watched()
    supervision.tick(0.0)
    supervision.on_exit(0.1)
    supervision.stop_deferring(0.1)
    assert supervision.tick(0.1) is None


def test_a_server_that_died_soon_after_its_start_is_not_deferred_either_when_no_supervisor_has_priority() -> None:
    supervision = watched(limits=RestartLimits(grace_s=10.0, hang_s=1.2, start_limit_s=5.0, defer_s=0.8))
    assert supervision.tick(0.8) is Action.START
    supervision.on_heartbeat(0.9)
    supervision.on_exit(1.0)
    supervision.stop_deferring(1.0)
    assert supervision.tick(1.0) is None
    assert supervision.tick(1.06) is Action.START


def test_it_defers_the_start_to_another_supervisor() -> None:
    supervision = watched(limits=RestartLimits(grace_s=10.0, hang_s=1.2, start_limit_s=5.0, defer_s=0.8))
    supervision.on_heartbeat(1.0)
    supervision.on_heartbeat(2.0)
    assert supervision.on_exit(2.1) is None
    assert supervision.tick(2.8) is None
    assert supervision.tick(2.95) is Action.START
