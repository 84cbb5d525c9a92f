"""A first-in first-out queue as a sequential object, for the figures of Herlihy & Wing (1990). No test lives here."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from verify.history.linearizability import Model


@dataclass(frozen=True)
class Enq:
    """Put an item at the end. Answered with None."""

    item: str


@dataclass(frozen=True)
class Deq:
    """Take the item at the front, which is answered; None if there is none."""


class QueueModel(Model[tuple[str, ...], Enq | Deq]):
    """A queue that is empty at first."""

    def initial(self) -> tuple[str, ...]:
        return ()

    def step(self, state: tuple[str, ...], operation: Enq | Deq) -> tuple[tuple[str, ...], object]:
        if isinstance(operation, Enq):
            return (*state, operation.item), None
        return state[1:], state[0] if state else None

    def key(self, state: tuple[str, ...]) -> Hashable:
        return state
