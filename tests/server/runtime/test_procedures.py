"""Procedures: each effect and its result, errors at the place of the effect, waking, and very many effects in a row."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from game.errors import InvariantBroken
from server.runtime.effects import (
    Await,
    Blocking,
    Effect,
    Effects,
    RemoteCall,
    Sleep,
    Submit,
    SubmitAll,
    WithCommitLock,
    no_effects,
)
from server.runtime.procedures import Procedure
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.errors import NotReady, StorageFailed
from wire.later import Later, answered

MANY = 10 * sys.getrecursionlimit()


class LockByHand:
    """A commit lock of which a test settles the answers."""

    def __init__(self, host: TimersByHand) -> None:
        self._host = host
        self.submitted: list[tuple[str, Any, Later]] = []

    def submit(self, stream: str, command: Any) -> Later:
        self.submitted.append((stream, command, later := Later()))
        return later

    def locked(self, effects: Effects[Any]) -> Later:
        return self._host.begin(effects)


@pytest.fixture
def host() -> TimersByHand:
    return TimersByHand(call=lambda method, *arguments: (method, arguments))


@pytest.fixture
def commit_lock(host: TimersByHand) -> LockByHand:
    return LockByHand(host)


def outcome_of(effect: Effect) -> Effects[Any]:
    """Return the result of an effect, or in a tuple the error that is raised at its place."""
    try:
        return (yield effect)
    except StorageFailed as error:
        return (error,)


# -- each effect -----------------------------------------------------------------------------------------------------


def test_an_effect_has_the_result_of_what_carries_it_out(host: TimersByHand, commit_lock: LockByHand) -> None:
    def three() -> Effects[int]:
        yield Sleep(0.0)
        return 3

    assert host.result(outcome_of(RemoteCall("append", (1, 2)))) == ("append", (1, 2))
    assert host.result(outcome_of(Blocking(lambda: 5))) == 5
    assert host.result(outcome_of(Await(answered(7)))) == 7
    assert host.result(outcome_of(Sleep(0.0))) is None
    assert host.result(outcome_of(WithCommitLock(three())), commit_lock) == 3
    assert host.result(outcome_of(SubmitAll([])), commit_lock) == []


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: object) -> None:
        raise error

    return fail


def test_an_error_is_raised_at_the_place_of_the_effect() -> None:
    full = StorageFailed("the disk is full")
    host, later = TimersByHand(call=raising(full)), Later()
    commit_lock = LockByHand(host)

    def failing() -> Effects[None]:
        yield Sleep(0.0)
        raise full

    effects = (RemoteCall("append", ()), Blocking(raising(full)), WithCommitLock(failing()), Await(later))
    outcomes = [host.begin(outcome_of(effect), commit_lock) for effect in effects]
    later.fail(full)
    host.run()
    assert [result_of(outcome) for outcome in outcomes] == [(full,)] * len(effects)


def test_a_submission_continues_when_it_is_answered(host: TimersByHand, commit_lock: LockByHand) -> None:
    outcome = host.begin(outcome_of(Submit("room/a", "move")), commit_lock)
    ((stream, command, later),) = commit_lock.submitted
    assert (stream, command) == ("room/a", "move")
    assert not outcome.settled
    later.answer({"version": 1})
    assert result_of(outcome) == {"version": 1}


def test_several_submissions_are_begun_together_and_answered_in_their_order(
    host: TimersByHand, commit_lock: LockByHand
) -> None:
    outcome = host.begin(outcome_of(SubmitAll([Submit("room/a", 1), Submit("room/b", 2)])), commit_lock)
    first, second = (later for *_, later in commit_lock.submitted)
    second.answer("second")
    assert not outcome.settled
    first.answer("first")
    assert result_of(outcome) == ["first", "second"]


def test_the_first_error_of_several_submissions_is_raised_once_all_have_ended(
    host: TimersByHand, commit_lock: LockByHand
) -> None:
    outcome = host.begin(outcome_of(SubmitAll([Submit("room/a", number) for number in range(3)])), commit_lock)
    laters = [later for *_, later in commit_lock.submitted]
    errors = StorageFailed("first"), StorageFailed("second")
    laters[2].fail(errors[1])
    laters[0].fail(errors[0])
    assert not outcome.settled
    laters[1].answer("done")
    assert result_of(outcome) == (errors[0],)


@pytest.mark.parametrize("effect", [Submit("room/a", 1), SubmitAll([]), WithCommitLock(no_effects())])
def test_without_a_commit_lock_nothing_can_be_committed(host: TimersByHand, effect: Effect) -> None:
    with pytest.raises(InvariantBroken):
        host.begin(outcome_of(effect))


# -- the end ---------------------------------------------------------------------------------------------------------


def test_a_procedure_without_effects_ends_at_once(host: TimersByHand) -> None:
    assert host.begin(no_effects()).settled


def test_an_error_that_a_procedure_does_not_handle_is_its_outcome(host: TimersByHand) -> None:
    def fail() -> Effects[None]:
        yield Sleep(1.0)
        raise NotReady("not now")

    ended = host.begin(fail())
    host.advance(1.0)
    with pytest.raises(NotReady):
        result_of(ended)


@pytest.mark.parametrize("delay_s", [None, 1.0])
def test_an_unexpected_exception_reaches_the_event_loop(host: TimersByHand, delay_s: float | None) -> None:
    """It is no outcome: nothing may go on after it as if the procedure had only been refused."""
    ended: list[Later] = []

    def fail() -> Effects[None]:
        if delay_s is not None:
            yield Sleep(delay_s)
        raise ZeroDivisionError

    def run() -> None:
        ended.append(host.begin(fail()))
        host.advance(1.0)

    with pytest.raises(ZeroDivisionError):
        run()
    assert not any(later.settled for later in ended)


def test_what_a_procedure_must_do_at_its_end_is_done_when_an_effect_fails(host: TimersByHand) -> None:
    done: list[str] = []
    later = Later()

    def work() -> Effects[None]:
        try:
            yield Await(later)
        finally:
            done.append("end")

    ended = host.begin(work())
    later.fail(NotReady("not now"))
    assert done == ["end"]
    assert isinstance(ended.error, NotReady)


# -- sleep -----------------------------------------------------------------------------------------------------------


def sleeper(naps: list[float], now: Callable[[], float], *, seconds: float = 10.0) -> Effects[None]:
    """Sleep again and again; note when each sleep ends."""
    while True:
        yield Sleep(seconds)
        naps.append(now())


def test_a_sleep_ends_when_its_time_has_passed(host: TimersByHand) -> None:
    naps: list[float] = []
    host.begin(sleeper(naps, host.clock))
    host.advance(9.9)
    assert naps == []
    host.advance(20.1)
    assert naps == [10.0, 20.0, 30.0]


def test_wake_ends_the_present_sleep_and_no_other(host: TimersByHand) -> None:
    naps: list[float] = []
    procedure = Procedure(sleeper(naps, host.clock), host)
    procedure.begin()
    host.advance(3.0)
    procedure.wake()
    procedure.wake()
    host.advance(9.9)
    assert naps == [3.0]
    host.advance(0.1)
    assert naps == [3.0, 13.0]


def test_wake_outside_a_sleep_ends_the_next_one(host: TimersByHand) -> None:
    """Otherwise a change during a remote call would be seen only a whole sleep later."""
    naps: list[float] = []
    called = Later()

    def call_and_sleep() -> Effects[None]:
        yield Await(called)
        yield from sleeper(naps, host.clock)

    procedure = Procedure(call_and_sleep(), host)
    procedure.wake()  # before it begins
    procedure.begin()
    procedure.wake()  # during the call
    host.advance(1.0)
    called.answer(None)
    host.advance(10.0)
    assert naps == [1.0, 11.0]


def test_a_procedure_that_wakes_itself_does_not_sleep(host: TimersByHand) -> None:
    naps: list[float] = []

    def work() -> Effects[None]:
        procedure.wake()
        yield Sleep(10.0)
        naps.append(host.now)

    procedure = Procedure(work(), host)
    procedure.begin()
    host.run()
    assert naps == [0.0]


# -- very many -------------------------------------------------------------------------------------------------------


def repeated(effect: Effect) -> Effects[int]:
    for _ in range(MANY):
        yield effect
    return MANY


def test_very_many_effects_that_end_at_once_do_not_run_deeper_and_deeper(host: TimersByHand) -> None:
    for effect in (RemoteCall("append", ()), Blocking(lambda: None), Await(answered(None)), Sleep(0.0)):
        assert host.result(repeated(effect)) == MANY


def test_very_many_errors_that_come_at_once_do_not_run_deeper_and_deeper() -> None:
    host = TimersByHand(call=raising(NotReady("not now")))

    def retries() -> Effects[int]:
        errors = 0
        while errors < MANY:
            try:
                yield RemoteCall("append", ())
            except NotReady:
                errors += 1
        return errors

    assert host.result(retries()) == MANY


def test_very_many_procedures_continue_after_one_answer(host: TimersByHand) -> None:
    later = Later()
    ended = [host.begin(outcome_of(Await(later))) for _ in range(MANY)]
    later.answer("done")
    assert [result_of(one) for one in ended] == ["done"] * MANY
