"""Work in threads, outcomes in the thread that drains."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from client.desktop.model.base.background import Action, Background, Task, until_answered
from game.errors import CellTaken
from tests.conditions import PATIENCE_S, wait_until
from wire.errors import DeadlineExceeded, NotReady, TicTacToeError


def drained(background: Background, condition: Callable[[], object]) -> None:
    wait_until(lambda: (background.drain(), condition())[1])


def test_the_outcome_arrives_in_the_draining_thread() -> None:
    background = Background()
    seen: list[tuple[int, threading.Thread]] = []
    background.run(lambda _: 42, lambda result: seen.append((result, threading.current_thread())))
    drained(background, lambda: seen)
    assert seen == [(42, threading.current_thread())]


def test_an_error_arrives_as_one_and_a_fault_of_ours_is_raised_where_it_is_drained() -> None:
    background = Background()
    failed: list[TicTacToeError] = []

    def refuse(_: threading.Event) -> None:
        raise CellTaken("cell 1 is taken")

    background.run(refuse, failed=failed.append)
    drained(background, lambda: failed)
    assert failed[0].message == "cell 1 is taken"

    background.run(lambda _: 1 // 0, failed=failed.append)
    with pytest.raises(ZeroDivisionError):
        drained(background, lambda: False)
    assert [error.code for error in failed] == ["cell_taken", "internal_error"], "nobody waits for it in vain"


def test_items_come_in_order_and_again_after_their_end() -> None:
    background = Background()
    seen: list[int] = []
    task = background.follow(lambda _: iter([len(seen), len(seen) + 1]), seen.append)
    drained(background, lambda: len(seen) >= 4)
    task.stop()
    assert seen[:4] == [0, 1, 2, 3], "they are asked for again once the earlier ones have arrived"


def test_after_an_error_items_come_again_unless_that_is_not_wanted() -> None:
    background = Background()
    seen: list[object] = []

    def items(_: threading.Event) -> Iterator[int]:
        yield 1
        raise CellTaken("taken")

    def goes_on(error: TicTacToeError) -> bool:
        seen.append(error.code)
        return len(seen) < 4

    task = background.follow(items, seen.append, goes_on)
    drained(background, lambda: len(seen) == 4 and task.done.is_set())
    assert seen == [1, "cell_taken", 1, "cell_taken"]


def test_closing_stops_also_what_began_again() -> None:
    background = Background()
    begun: list[threading.Event] = []

    def items(stop: threading.Event) -> Iterator[int]:
        begun.append(stop)
        yield 1
        if len(begun) > 1:
            stop.wait(PATIENCE_S)

    seen: list[int] = []
    task = background.follow(items, seen.append)
    drained(background, lambda: len(seen) == 2)
    background.close()
    wait_until(task.done.is_set)
    assert len(begun) == 2


def test_nothing_is_heard_of_what_was_stopped_even_if_it_was_brought_already() -> None:
    background = Background()
    seen: list[int] = []
    going, went = threading.Event(), threading.Event()

    def items(stop: threading.Event) -> Iterator[int]:
        yield 1
        going.set()
        stop.wait(PATIENCE_S)
        went.set()
        yield 2

    task = background.follow(items, seen.append)
    assert going.wait(PATIENCE_S)
    task.stop()
    assert went.wait(PATIENCE_S)
    wait_until(task.done.is_set)
    background.drain()
    assert seen == []


def test_items_that_come_again_are_not_done_when_the_thread_before_ends_late() -> None:
    posted, go_on = threading.Event(), threading.Event()
    first: list[threading.Thread] = []

    class EndsLate(Background):
        """The first thread that posts stays behind, after it has posted that its items are over."""

        def _post(self, task: Task | None, action: Action) -> None:
            super()._post(task, action)
            if not first:
                first.append(threading.current_thread())
                posted.set()
                assert go_on.wait(PATIENCE_S)

    background, runs = EndsLate(), list[threading.Event]()

    def items(stop: threading.Event) -> Iterator[int]:
        runs.append(stop)
        return iter([]) if len(runs) == 1 else iter(lambda: int(stop.wait(PATIENCE_S)), 1)

    task = background.follow(items, lambda _: None)
    assert posted.wait(PATIENCE_S)
    drained(background, lambda: len(runs) == 2)
    go_on.set()
    first[0].join(PATIENCE_S)
    assert not task.done.is_set()
    task.stop()
    assert task.done.wait(PATIENCE_S)


def test_draining_is_bounded() -> None:
    background = Background()
    seen: list[int] = []
    for number in range(10):
        background.post(lambda number=number: seen.append(number))
    assert background.drain(most=4) == 4
    assert seen == [0, 1, 2, 3]
    assert background.drain() == 6


def test_a_call_is_made_until_it_is_answered_however_long_that_takes() -> None:
    outcomes: list[TicTacToeError | str] = [DeadlineExceeded("no answer"), NotReady("not yet"), "played"]

    def call() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, TicTacToeError):
            raise outcome
        return outcome

    assert until_answered(call, threading.Event()) == "played"


def test_a_call_is_given_up_when_nobody_wants_the_answer_any_more_and_refusals_count_at_once() -> None:
    stopping = threading.Event()
    stopping.set()

    def unanswered() -> None:
        raise DeadlineExceeded("no answer")

    def refused() -> None:
        raise CellTaken("taken")

    with pytest.raises(DeadlineExceeded):
        until_answered(unanswered, stopping)
    with pytest.raises(CellTaken):
        until_answered(refused, threading.Event())
