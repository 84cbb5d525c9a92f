"""Checks whether a history of calls is linearizable: searches for an order of the calls that a correct object can have.

The search is that of Wing and Gong ("Testing and verifying concurrent objects", 1993). The cache is that of Lowe
("Testing for linearizability", 2017), as in Porcupine. It works for any object that a ``Model`` describes. ``models``
has those of rooms and registers. No clock, no threads, no recursion.

The search builds the order from its beginning. Any call can be next that was sent before the first answer among the
remaining calls. The model computes the correct answer. When no call fits, the search takes back the last one. Each pair
of a set of ordered calls and the resulting state is tried only once.

The history is not cut at moments without an open call. Calls before such a moment may lead to several states, and all
would have to be continued. The cache does exactly that. With calls that never got an answer, no such moment exists
anyway.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from verify.history.record import Call

State = TypeVar("State")
Operation = TypeVar("Operation")
_Operation_contra = TypeVar("_Operation_contra", contravariant=True)

MOST_STEPS = 500_000
SHOWN_CALLS = 5


class Model(Protocol[State, _Operation_contra]):
    """A sequential object. Subclasses must never change a state in place."""

    def initial(self) -> State:
        """Return the state before the first call."""

    def step(self, state: State, operation: _Operation_contra) -> tuple[State, object]:
        """Return the state after an operation, and the correct answer to it."""

    def key(self, state: State) -> Hashable:
        """Return a key for a state. States with equal keys must give equal answers to all future operations."""

    def accepts(self, correct: object, given: object) -> bool:
        """Return whether ``given`` is acceptable for the ``correct`` answer. By default they must be equal."""
        return correct == given


@dataclass(frozen=True)
class Impossible(Generic[Operation]):
    """A call that cannot be next, and the answer that a correct object would have given there."""

    call: Call[Operation]
    correct: object

    def __str__(self) -> str:
        return f"{_described(self.call)}, where only {self.correct} is right"


@dataclass(frozen=True)
class SearchResult(Generic[Operation]):
    """The result of a search."""

    outcome: Literal["linearizable", "not linearizable", "not decided"]
    order: tuple[Call[Operation], ...]
    """A possible order of the calls. If there is none, the longest beginning of an order."""
    impossible: tuple[Impossible[Operation], ...]
    """If not linearizable: after ``order`` one of these calls must come next, and none can."""
    steps: int
    """The number of steps of the model."""

    @property
    def linearizable(self) -> bool:
        """Return whether an order was found. False also when the search gave up."""
        return self.outcome == "linearizable"

    def __str__(self) -> str:
        if self.outcome != "not linearizable":
            return f"{self.outcome} after {self.steps} steps"
        last = "; ".join(_described(call) for call in self.order[-SHOWN_CALLS:]) or "nothing"
        none_of = "; ".join(str(each) for each in self.impossible[:SHOWN_CALLS])
        return f"after {len(self.order)} calls, the last of them {last}, none of these can be next: {none_of}"


def _described(call: Call[Operation]) -> str:
    if call.answered_at is None:
        return f"{call.client}'s {call.operation} without an answer"
    return f"{call.client}'s {call.operation} answered {call.answer}"


def check(
    model: Model[State, Operation], calls: Sequence[Call[Operation]], *, most_steps: int = MOST_STEPS
) -> SearchResult[Operation]:
    """Search for an order of the calls that fits their times and answers.

    Each call takes effect at one moment between ``sent_at`` and ``answered_at``. A call without an answer takes effect
    at any moment after ``sent_at``, or never. Calls that end and begin at the same moment may be in any order.

    After ``most_steps`` steps of the model the search gives up. Raises ValueError for a call that was answered before
    it was sent.
    """
    for call in calls:
        if call.answered_at is not None and call.answered_at < call.sent_at:
            raise ValueError(f"the call was answered before it was sent: {call}")
    return _OrderSearch(model, calls, most_steps).run()


@dataclass
class _Choice(Generic[State]):
    """A point of the search: the state so far, the calls that can be next, and how many of them were tried."""

    state: State
    key: Hashable
    candidates: list[int]
    tried: int = 0


class _OrderSearch(Generic[State, Operation]):
    """A search. It identifies a call by its index in the order of ``sent_at``."""

    def __init__(self, model: Model[State, Operation], calls: Sequence[Call[Operation]], most_steps: int) -> None:
        self._model = model
        self._calls = sorted(calls, key=lambda call: call.sent_at)
        self._sent = [call.sent_at for call in self._calls]
        self._answered = [math.inf if call.answered_at is None else call.answered_at for call in self._calls]
        self._open = [call.answered_at is None for call in self._calls]
        self._most_steps = most_steps
        self._steps = 0
        # The remaining calls, as a ring with one more place than there are calls. A removed call keeps its own links.
        # So putting calls back in reverse order is as cheap as removing them ("dancing links").
        places = len(self._calls) + 1
        self._after = [(place + 1) % places for place in range(places)]
        self._before = [(place - 1) % places for place in range(places)]
        # The answered calls that are not in the order yet. The search succeeds when it is 0.
        self._missing = places - 1 - sum(self._open)
        # The order so far. ``_done`` always has exactly its calls; the ring has all others.
        self._order: list[int] = []
        self._done = 0  # a bit set of the ordered calls
        # The fewest answered calls that were ever missing, and the order at that point.
        self._fewest_missing = self._missing + 1
        self._longest: tuple[int, ...] = ()
        self._after_longest: _Choice[State] | None = None

    def run(self) -> SearchResult[Operation]:
        """Search until an order is found, nothing is left to try, or the steps are used up."""
        initial = self._model.initial()
        choices = [self._choice(initial, self._model.key(initial))]
        tried: set[tuple[int, Hashable]] = set()
        while self._missing:
            choice = choices[-1]
            following = self._next(choice, tried)
            if following is not None:
                choices.append(following)
            elif self._steps >= self._most_steps:
                return self._verdict("not decided")
            else:
                self._note_the_longest(choice)
                choices.pop()
                if not choices:
                    return self._verdict("not linearizable")
                self._undo()
        self._longest = tuple(self._order)
        return self._verdict("linearizable")

    def _choice(self, state: State, key: Hashable) -> _Choice[State]:
        """Return the calls that can be next: those sent before the first answer of the remaining calls.

        Unanswered calls come last.
        """
        answered: list[int] = []
        unanswered: list[int] = []
        first_answer = math.inf
        ring = len(self._calls)
        number = self._after[ring]
        while number != ring and self._sent[number] <= first_answer:
            first_answer = min(first_answer, self._answered[number])
            (unanswered if self._open[number] else answered).append(number)
            number = self._after[number]
        return _Choice(state, key, answered + unanswered)

    def _next(self, choice: _Choice[State], tried: set[tuple[int, Hashable]]) -> _Choice[State] | None:
        """Append the next call that fits.

        Return the choices after it, or None if none fits or the steps are used up.
        """
        model = self._model
        while choice.tried < len(choice.candidates) and self._steps < self._most_steps:
            number = choice.candidates[choice.tried]
            choice.tried += 1
            self._steps += 1
            call = self._calls[number]
            state, correct = model.step(choice.state, call.operation)
            key = model.key(state)
            if self._open[number]:
                if key == choice.key:
                    continue  # it is unknown whether the call took effect here or never
            elif not model.accepts(correct, call.answer):
                continue
            reached = (self._done | 1 << number, key)
            if reached not in tried:
                tried.add(reached)
                self._append(number)
                return self._choice(state, key)
        return None

    def _append(self, number: int) -> None:
        after, before = self._after[number], self._before[number]
        self._after[before], self._before[after] = after, before
        self._order.append(number)
        self._done |= 1 << number
        self._missing -= not self._open[number]

    def _undo(self) -> None:
        number = self._order.pop()
        self._after[self._before[number]] = self._before[self._after[number]] = number
        self._done ^= 1 << number
        self._missing += not self._open[number]

    def _note_the_longest(self, choice: _Choice[State]) -> None:
        """Remember the longest order so far.

        No answered call can follow it; otherwise the search would have gone further.
        """
        if self._missing < self._fewest_missing:
            self._fewest_missing = self._missing
            self._longest = tuple(self._order)
            self._after_longest = choice

    def _verdict(self, outcome: Literal["linearizable", "not linearizable", "not decided"]) -> SearchResult[Operation]:
        impossible: list[Impossible[Operation]] = []
        if outcome == "not linearizable" and self._after_longest is not None:
            for number in self._after_longest.candidates:
                if not self._open[number]:
                    call = self._calls[number]
                    _, correct = self._model.step(self._after_longest.state, call.operation)
                    impossible.append(Impossible(call, correct))
        order = tuple(self._calls[number] for number in self._longest)
        return SearchResult(outcome, order, tuple(impossible), self._steps)
