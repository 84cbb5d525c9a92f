"""Is a history of calls linearizable? A search for one order of the calls that a correct object could have given.

Wing & Gong's search ("Testing and verifying concurrent objects", 1993) with the memory of Lowe ("Testing for
linearizability", 2017), as known from Porcupine. Lives here: the search, for any object that a ``Model`` describes.
What rooms and registers do is in ``models``. No clock, no threads, no recursion.

The search builds the order from its beginning. Next can be every call that was sent before the first answer among the
calls that are not in it yet; the model says what a correct object would have answered there. When none fits, the last
one is taken back. A set of calls already in the order together with the state that they lead to is tried once only.

The history is not cut where no call is under way: calls before such a point may lead to several states, all of which
would have to be carried on, and that is just what the memory does. With calls that never had an answer there is no such
point anyway.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from verify.history.record import Call

State = TypeVar("State")
Operation = TypeVar("Operation")
_Asked_contra = TypeVar("_Asked_contra", contravariant=True)

MOST_STEPS = 500_000
SHOWN_CALLS = 5


class Model(Protocol[State, _Asked_contra]):
    """An object as it is when calls come one after the other. Inherit from it; states are never changed in place."""

    def initial(self) -> State:
        """The state before the first call."""

    def step(self, state: State, operation: _Asked_contra) -> tuple[State, object]:
        """The state after an operation, and the answer that a correct object gives to it."""

    def key(self, state: State) -> Hashable:
        """What tells states apart: equal keys only for states that answer everything that comes the same."""

    def accepts(self, correct: object, given: object) -> bool:
        """Whether the answer that was given may stand for the correct one; they are equal, unless a model says else."""
        return correct == given


@dataclass(frozen=True)
class Impossible(Generic[Operation]):
    """A call that cannot be next, and what a correct object would have answered it there."""

    call: Call[Operation]
    correct: object

    def __str__(self) -> str:
        return f"{_told(self.call)}, where only {self.correct} is right"


@dataclass(frozen=True)
class Verdict(Generic[Operation]):
    """What the search found."""

    outcome: Literal["linearizable", "not linearizable", "not decided"]
    order: tuple[Call[Operation], ...]
    """An order in which the calls may have taken effect; unless linearizable, the longest beginning of one."""
    impossible: tuple[Impossible[Operation], ...]
    """If not linearizable: the calls one of which must come next after ``order``, and none can."""
    steps: int
    """How many steps of the model it took."""

    @property
    def linearizable(self) -> bool:
        """Whether an order was found; also false when the search gave up."""
        return self.outcome == "linearizable"

    def __str__(self) -> str:
        if self.outcome != "not linearizable":
            return f"{self.outcome} after {self.steps} steps"
        last = "; ".join(_told(call) for call in self.order[-SHOWN_CALLS:]) or "nothing"
        none_of = "; ".join(str(each) for each in self.impossible[:SHOWN_CALLS])
        return f"after {len(self.order)} calls, the last of them {last}, none of these can be next: {none_of}"


def _told(call: Call[Operation]) -> str:
    if call.answered_at is None:
        return f"{call.client}'s {call.operation} without an answer"
    return f"{call.client}'s {call.operation} answered {call.answer}"


def check(
    model: Model[State, Operation], calls: Sequence[Call[Operation]], *, most_steps: int = MOST_STEPS
) -> Verdict[Operation]:
    """Search for an order of the calls that fits their times and answers.

    Every call takes effect at one moment between ``sent_at`` and ``answered_at``; one without an answer at any moment
    after ``sent_at``, or never. Calls that touch in one moment may be in any order. After ``most_steps`` steps of the
    model the search gives up. Raises ValueError for a call that was answered before it was sent.
    """
    if any(call.answered_at is not None and call.answered_at < call.sent_at for call in calls):
        raise ValueError("a call is answered after it is sent")
    return _Search(model, calls, most_steps).run()


@dataclass
class _Choice(Generic[State]):
    """A point of the search: the state so far, which calls can be next, and how many of those were tried."""

    state: State
    key: Hashable
    candidates: list[int]
    tried: int = 0


class _Search(Generic[State, Operation]):
    """One search. Calls are known by their number in the order in which they were sent."""

    def __init__(self, model: Model[State, Operation], calls: Sequence[Call[Operation]], most_steps: int) -> None:
        self._model = model
        self._calls = sorted(calls, key=lambda call: call.sent_at)
        self._sent = [call.sent_at for call in self._calls]
        self._answered = [math.inf if call.answered_at is None else call.answered_at for call in self._calls]
        self._open = [call.answered_at is None for call in self._calls]
        self._most_steps = most_steps
        self._steps = 0
        # The calls that are not in the order yet, as a ring through one place more than there are calls. A call that is
        # taken out keeps its own links, so that putting them back, last first, is as cheap ("dancing links").
        places = len(self._calls) + 1
        self._after = [(place + 1) % places for place in range(places)]
        self._before = [(place - 1) % places for place in range(places)]
        self._missing = places - 1 - sum(self._open)
        self._order: list[int] = []
        self._done = 0  # as a set of bits
        self._fewest_missing = self._missing + 1
        self._longest: tuple[int, ...] = ()
        self._after_longest: _Choice[State] | None = None

    def run(self) -> Verdict[Operation]:
        """Search until there is an order, nothing is left to try, or it takes too long."""
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
                self._take_back()
        self._longest = tuple(self._order)
        return self._verdict("linearizable")

    def _choice(self, state: State, key: Hashable) -> _Choice[State]:
        """Which calls can be next: those sent before any of the missing was answered. Open ones are tried last."""
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
        """Put the next call that fits into the order; what can be chosen then, or None if none fits or steps are up."""
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
                    continue  # nobody can tell whether it took effect here or never
            elif not model.accepts(correct, call.answer):
                continue
            reached = (self._done | 1 << number, key)
            if reached not in tried:
                tried.add(reached)
                self._put(number)
                return self._choice(state, key)
        return None

    def _put(self, number: int) -> None:
        after, before = self._after[number], self._before[number]
        self._after[before], self._before[after] = after, before
        self._order.append(number)
        self._done |= 1 << number
        self._missing -= not self._open[number]

    def _take_back(self) -> None:
        number = self._order.pop()
        self._after[self._before[number]] = self._before[self._after[number]] = number
        self._done ^= 1 << number
        self._missing += not self._open[number]

    def _note_the_longest(self, choice: _Choice[State]) -> None:
        """Remember where the search came furthest: no answered call can be next there, else it had come further."""
        if self._missing < self._fewest_missing:
            self._fewest_missing = self._missing
            self._longest = tuple(self._order)
            self._after_longest = choice

    def _verdict(self, outcome: Literal["linearizable", "not linearizable", "not decided"]) -> Verdict[Operation]:
        impossible: list[Impossible[Operation]] = []
        if outcome == "not linearizable" and self._after_longest is not None:
            for number in self._after_longest.candidates:
                if not self._open[number]:
                    call = self._calls[number]
                    _, correct = self._model.step(self._after_longest.state, call.operation)
                    impossible.append(Impossible(call, correct))
        order = tuple(self._calls[number] for number in self._longest)
        return Verdict(outcome, order, tuple(impossible), self._steps)
