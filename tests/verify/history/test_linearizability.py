"""The search for an order: histories of registers and queues from the literature, and a search through all orders."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from all_orders import fits, has_an_order
from cas_register import CasRegister, CompareAndSet
from fifo import Deq, Enq, QueueModel
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from verify.history.linearizability import Model, check
from verify.history.models import Read, Write
from verify.history.record import Call

UNTIMED = settings(deadline=None, max_examples=examples(400))
AnyCall = Call[Any]


def call(client: str, sent_at: float, answered_at: float | None, operation: object, answer: object = None) -> AnyCall:
    return Call(client, operation, sent_at, answered_at, answer)


def register(*calls: AnyCall, first: object = 0) -> bool:
    return check(CasRegister(first), calls).linearizable


def queue(*calls: AnyCall) -> bool:
    return check(QueueModel(), calls).linearizable


# -- Herlihy & Wing, "Linearizability: a correctness condition for concurrent objects" (1990), figure 1 -----------


def test_queue_h1_overlapping_enqueues_may_come_out_in_either_order() -> None:
    assert queue(
        call("A", 0, 3, Enq("x")),
        call("B", 1, 4, Enq("y")),
        call("B", 5, 7, Deq(), "x"),
        call("A", 6, 9, Deq(), "y"),
        call("A", 10, 12, Enq("z")),
    )


def test_queue_h2_what_was_put_in_first_must_come_out_first() -> None:
    assert not queue(
        call("A", 0, 1, Enq("x")),
        call("B", 2, 3, Enq("y")),
        call("A", 4, 6, Deq(), "y"),
    )


def test_queue_h3_an_item_may_come_out_before_the_call_that_put_it_in_is_answered() -> None:
    assert queue(
        call("A", 0, None, Enq("x")),
        call("B", 1, 2, Deq(), "x"),
    )


def test_queue_h4_an_item_that_was_put_in_once_does_not_come_out_twice() -> None:
    assert not queue(
        call("A", 0, 5, Enq("x")),
        call("B", 1, 3, Enq("y")),
        call("A", 6, 9, Deq(), "y"),
        call("C", 7, 10, Deq(), "y"),
    )


def test_queue_two_items_do_not_come_out_in_two_orders() -> None:
    """Each queue alone fits, and so do both together: linearizability is a property of each object (locality)."""
    for first, second in itertools.permutations("xy"):
        one = [
            call("A", 0, 1, Enq("x")),
            call("B", 0, 1, Enq("y")),
            call("A", 2, 3, Deq(), first),
            call("B", 4, 5, Deq(), second),
        ]
        assert queue(*one)
    assert not queue(*one, call("B", 6, 7, Deq(), second))


# -- Herlihy & Wing, figure 2: registers --------------------------------------------------------------------------


def test_register_h5_a_read_that_overlaps_two_writes_may_see_either() -> None:
    for seen in (0, 1):
        assert register(
            call("A", 0, 4, Write(0)),
            call("B", 5, 9, Write(1)),
            call("A", 6, 8, Read(), seen),
            call("C", 10, 11, Write(0)),
            call("B", 12, 13, Read(), 0),
        )


def test_register_h6_what_was_overwritten_is_not_read_any_more() -> None:
    assert not register(
        call("A", 0, 4, Write(0)),
        call("B", 1, 8, Write(1)),
        call("A", 5, 6, Read(), 1),
        call("C", 9, 10, Write(0)),
        call("B", 11, 12, Read(), 1),
    )


# -- what goes wrong in distributed registers (the ways of Jepsen's and Porcupine's examples) ---------------------


def test_nothing_is_linearizable() -> None:
    assert register()


def test_calls_one_after_the_other_are() -> None:
    assert register(call("A", 0, 1, Write(1)), call("B", 2, 3, Read(), 1))


def test_a_stale_read_is_not() -> None:
    assert not register(call("A", 0, 1, Write(1)), call("B", 2, 3, Read(), 0))


def test_a_read_during_the_write_may_be_old_or_new() -> None:
    for seen in (0, 1):
        assert register(call("A", 0, 3, Write(1)), call("B", 1, 2, Read(), seen))


def test_a_read_of_what_nobody_wrote_is_not() -> None:
    assert not register(call("A", 0, 3, Write(1)), call("B", 1, 2, Read(), 7))


def test_during_a_write_nobody_reads_new_and_then_old() -> None:
    assert register(call("A", 0, 9, Write(1)), call("B", 1, 2, Read(), 0), call("C", 3, 4, Read(), 1))
    assert not register(call("A", 0, 9, Write(1)), call("B", 1, 2, Read(), 1), call("C", 3, 4, Read(), 0))


def test_two_clients_do_not_see_two_writes_in_two_orders() -> None:
    writes = [call("A", 0, 9, Write(1)), call("B", 0, 9, Write(2))]
    both = [call("C", 1, 2, Read(), 1), call("C", 3, 4, Read(), 2)]
    assert register(*writes, *both)
    assert register(*writes, *both, call("D", 1, 2, Read(), 1))
    assert not register(*writes, *both, call("D", 1, 2, Read(), 2), call("D", 3, 4, Read(), 1))


def test_of_two_that_compare_and_set_the_same_one_wins() -> None:
    one, other = (call(name, 0, 5, CompareAndSet(0, name), True) for name in "AB")
    assert not register(one, other)
    assert register(one, call("B", 0, 5, CompareAndSet(0, "B"), False))


def test_an_update_between_two_of_them_is_not_lost() -> None:
    assert not register(
        call("A", 0, 1, CompareAndSet(0, 1), True),
        call("B", 2, 3, CompareAndSet(0, 2), True),
        call("C", 4, 5, Read(), 2),
    )


def test_a_compare_and_set_that_failed_changed_nothing() -> None:
    assert not register(call("A", 0, 1, CompareAndSet(5, 6), False), call("B", 2, 3, Read(), 6))


def test_a_write_without_an_answer_may_never_take_effect() -> None:
    assert register(call("A", 0, None, Write(1)), call("B", 1, 2, Read(), 0), call("B", 99, 100, Read(), 0))


def test_a_write_without_an_answer_may_take_effect_late() -> None:
    assert register(call("A", 0, None, Write(1)), call("B", 1, 2, Read(), 0), call("B", 99, 100, Read(), 1))


def test_a_write_without_an_answer_does_not_take_effect_before_it_is_sent() -> None:
    assert not register(call("B", 0, 1, Read(), 1), call("A", 2, None, Write(1)))


def test_a_write_without_an_answer_that_was_read_is_not_unread() -> None:
    assert not register(call("A", 0, None, Write(1)), call("B", 1, 2, Read(), 1), call("B", 3, 4, Read(), 0))


def test_a_write_without_an_answer_takes_effect_once() -> None:
    assert not register(
        call("A", 0, None, Write(1)),
        call("B", 1, 2, Read(), 1),
        call("C", 3, 4, Write(2)),
        call("B", 5, 6, Read(), 1),
    )


def test_calls_that_touch_in_one_moment_may_be_in_either_order() -> None:
    assert register(call("A", 0, 1, Write(1)), call("B", 1, 2, Read(), 0))
    assert register(call("A", 1, 1, Write(1)), call("B", 1, 1, Read(), 0), call("C", 1, 1, Read(), 1))


def test_an_answer_before_the_call_is_no_history() -> None:
    with pytest.raises(ValueError, match="answered before it was sent"):
        register(call("A", 2, 1, Write(1)))


class RoughModel(CasRegister):
    """A register whose readers may be off by one."""

    def accepts(self, correct: Any, given: Any) -> bool:
        return correct == given or (correct is not None and abs(correct - given) <= 1)


def test_a_model_may_accept_more_than_what_is_equal() -> None:
    calls = [call("A", 0, 1, Write(5)), call("B", 2, 3, Read(), 6)]
    assert check(RoughModel(), calls).linearizable
    assert not check(CasRegister(), calls).linearizable


# -- what a verdict says ------------------------------------------------------------------------------------------


def test_a_verdict_has_an_order() -> None:
    read, write = call("B", 0, 9, Read(), 1), call("A", 0, 9, Write(1))
    assert check(CasRegister(0), [read, write]).order == (write, read)


def test_a_verdict_says_how_far_it_came_and_what_cannot_be_next() -> None:
    write, good, stale = (
        call("A", 0, 1, Write(1)),
        call("B", 2, 3, Read(), 1),
        call("C", 4, 5, Read(), 0),
    )
    verdict = check(CasRegister(0), [write, good, stale, call("D", 6, 7, Read(), 1)])
    assert verdict.outcome == "not linearizable"
    assert verdict.order == (write, good)
    assert [(each.call, each.correct) for each in verdict.impossible] == [(stale, 1)]
    assert "C's Read() answered 0, where only 1 is right" in str(verdict)


def test_a_search_that_takes_too_long_is_not_decided() -> None:
    hard = [call(f"w{n}", 0, 100, Write(n)) for n in range(12)]
    hard += [call("r", 101 + n, 101 + n, Read(), n) for n in (1, 2)]
    verdict = check(CasRegister(), hard, most_steps=500)
    assert verdict.outcome == "not decided"
    assert verdict.steps == 500
    assert not verdict.linearizable
    assert check(CasRegister(), hard).outcome == "not linearizable"


def test_enough_steps_are_not_too_few() -> None:
    calls = [call("A", n, n, Write(n)) for n in range(10)]
    assert check(CasRegister(), calls, most_steps=10).linearizable
    assert check(CasRegister(), calls, most_steps=9).outcome == "not decided"


def test_a_long_history_needs_no_deep_stack() -> None:
    calls = [call("A", n, n + 0.5, Write(n)) for n in range(5000)]
    assert register(*calls, call("B", 5000, 5001, Read(), 4999))


def test_many_writes_without_an_answer_are_tried_only_when_one_is_needed() -> None:
    never = [call(f"w{n}", 0, None, Write(n)) for n in range(60)]
    reads = [call("r", 1 + n, 1 + n, Read(), -1) for n in range(50)]
    verdict = check(CasRegister(-1), [*never, *reads, call("r", 99, 99, Read(), 7)])
    assert verdict.linearizable
    assert verdict.steps < 200


# -- against a search through all orders --------------------------------------------------------------------------


VALUES = st.integers(0, 2)
REGISTER_CALLS = (
    st.tuples(st.just(Read()), VALUES)
    | st.tuples(st.builds(Write, VALUES), st.none())
    | st.tuples(st.builds(CompareAndSet, VALUES, VALUES), st.booleans())
)
QUEUE_CALLS = st.tuples(st.builds(Enq, st.sampled_from("xyz")), st.none()) | st.tuples(
    st.just(Deq()), st.sampled_from(["x", "y", "z", None])
)
TIMES = st.tuples(st.integers(0, 9), st.none() | st.integers(0, 6))


def histories(calls: st.SearchStrategy[tuple[Any, Any]]) -> st.SearchStrategy[list[AnyCall]]:
    """A few calls, with any times and answers."""
    return st.lists(st.builds(timed, calls, TIMES), max_size=6)


def timed(asked: tuple[Any, Any], times: tuple[int, int | None]) -> AnyCall:
    (operation, answer), (sent_at, lasts) = asked, times
    if lasts is None:
        return Call("c", operation, sent_at)
    return Call("c", operation, sent_at, sent_at + lasts, answer)


@UNTIMED
@given(histories(REGISTER_CALLS))
def test_for_registers_the_search_finds_what_a_search_through_all_orders_finds(calls: list[AnyCall]) -> None:
    agree(CasRegister(0), calls)


@UNTIMED
@given(histories(QUEUE_CALLS))
def test_for_queues_the_search_finds_what_a_search_through_all_orders_finds(calls: list[AnyCall]) -> None:
    agree(QueueModel(), calls)


def agree(model: Model[Any, Any], calls: list[AnyCall]) -> None:
    verdict = check(model, calls)
    assert verdict.linearizable == has_an_order(model, calls), str(verdict)
    if verdict.linearizable:
        assert fits(model, verdict.order)
        assert {id(each) for each in calls if each.answered_at is not None} <= {id(each) for each in verdict.order}
    else:
        assert verdict.impossible
        assert fits(model, verdict.order)


# -- histories that come of real runs -----------------------------------------------------------------------------


@UNTIMED
@given(
    st.lists(st.tuples(REGISTER_CALLS | QUEUE_CALLS, st.floats(0, 20), st.floats(0, 20), st.booleans()), max_size=40),
    st.randoms(use_true_random=False),
)
def test_whatever_an_object_really_answered_is_linearizable(
    run: list[tuple[Any, float, float, bool]], chance: random.Random
) -> None:
    """Call number n took effect at moment n; when it was sent and answered is anyhow around that."""
    register_calls, queue_calls = [], []
    model: Model[Any, Any]
    for model, kinds, calls in (
        (CasRegister(0), (Read, Write, CompareAndSet), register_calls),
        (QueueModel(), (Enq, Deq), queue_calls),
    ):
        state = model.initial()
        for moment, ((operation, _), before, later, unanswered) in enumerate(run):
            if not isinstance(operation, kinds):
                continue
            carried_out = not unanswered or chance.random() < 0.5
            after, answer = model.step(state, operation)
            state = after if carried_out else state
            answered_at, told = (None, None) if unanswered else (moment + later, answer)
            calls.append(Call("c", operation, moment - before, answered_at, told))
        chance.shuffle(calls)
        assert check(model, calls).linearizable
