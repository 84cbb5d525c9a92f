"""Linearizability by its definition, through all orders: slow and plain, to judge the search by. No test lives here."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from verify.history.linearizability import Model
from verify.history.record import Call

AnyCall = Call[Any]


def has_an_order(model: Model[Any, Any], calls: Sequence[AnyCall]) -> bool:
    """The definition, word for word: some order of all answered calls and some of the others fits."""
    answered = [each for each in calls if each.answered_at is not None]
    unanswered = [each for each in calls if each.answered_at is None]
    for size in range(len(unanswered) + 1):
        for some in itertools.combinations(unanswered, size):
            if any(fits(model, order) for order in itertools.permutations([*answered, *some])):
                return True
    return False


def fits(model: Model[Any, Any], order: Sequence[AnyCall]) -> bool:
    """Whether no call stands before one that was answered before it was sent, and the object answers as was told."""
    for earlier, later in itertools.combinations(order, 2):
        if later.answered_at is not None and later.answered_at < earlier.sent_at:
            return False
    state = model.initial()
    for each in order:
        state, correct = model.step(state, each.operation)
        if each.answered_at is not None and correct != each.answer:
            return False
    return True
