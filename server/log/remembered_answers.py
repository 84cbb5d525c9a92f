"""Requests that their streams do not remember, and what became of them: the answer to a copy that arrives late. Pure;
not safe for threads.

A room remembers the last requests of everybody that changed something: a retry finds them, also after a takeover. Here
are those that changed nothing, and those that a room had to forget because many came after them. A copy of such a one
was made before the next request of the same caller, so it can only be under way on an old connection, and that leads to
this process: memory is enough.

Only plain values are kept, never an exception: a raised exception keeps every frame that it passed alive, with all that
stands in them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Hashable, Mapping
from typing import NamedTuple

from game.errors import Refusal

MOST_REQUESTS = 100_000
MOST_BYTES = 32 << 20
_BYTES_OF_A_PLACE = 100
"""Bytes of one place in a dictionary, at the least full."""


class RememberedRefusal(NamedTuple):
    """A refusal without the exception: its class and its sentence."""

    kind: type[Refusal]
    sentence: str


Outcome = str | RememberedRefusal
"""What became of a request: its answer as JSON text, or why it was refused."""


def outcome_of(came_of_it: Mapping[str, object] | Refusal) -> Outcome:
    """What is remembered of an answer or a refusal."""
    if isinstance(came_of_it, Refusal):
        return RememberedRefusal(type(came_of_it), came_of_it.message)
    return _write(came_of_it)


def answer_of(outcome: Outcome) -> Mapping[str, object] | None:
    """The answer, if the request had one."""
    return None if isinstance(outcome, RememberedRefusal) else json.loads(outcome)


def error_of(outcome: Outcome) -> Refusal | None:
    """A new exception of the same class and sentence, if the request was refused."""
    return outcome.kind(outcome.sentence) if isinstance(outcome, RememberedRefusal) else None


class RememberedAnswers:
    """The latest of these requests, at most MOST_REQUESTS of them and about MOST_BYTES."""

    def __init__(self) -> None:
        self._outcomes: dict[Hashable, Outcome] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._outcomes)

    def get(self, request: Hashable) -> Outcome | None:
        """What became of a request, if it is remembered."""
        return self._outcomes.get(request)

    def add(self, outcomes: Mapping[Hashable, Outcome]) -> None:
        """Remember these, and forget what was remembered longest ago when there are too many."""
        for request, outcome in outcomes.items():
            if request not in self._outcomes:
                self._outcomes[request] = outcome
                self._bytes += _bytes_of(request, outcome)
        while len(self._outcomes) > MOST_REQUESTS or self._bytes > MOST_BYTES:
            oldest = next(iter(self._outcomes))
            self._bytes -= _bytes_of(oldest, self._outcomes.pop(oldest))


def _bytes_of(request: Hashable, outcome: Outcome) -> int:
    return _BYTES_OF_A_PLACE + _size(request) + _size(outcome)


def _size(value: object) -> int:
    """Bytes of a text, or of a tuple with all in it. A class is there anyway."""
    if isinstance(value, tuple):
        return sys.getsizeof(value) + sum(map(_size, value))
    return 0 if isinstance(value, type) else sys.getsizeof(value)


_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
