"""Answers to requests that their streams do not remember, for duplicates that arrive late. Pure; not safe for threads.

A room remembers each caller's last requests that changed something, so a retry finds them even after a takeover. Here
are the requests that changed nothing, and those that a room forgot: newer ones followed, or their user left long
ago. A duplicate of such a request was sent before the caller's next request. So it can only arrive on an old
connection, which leads to this process. Memory is therefore enough.

Only plain values are kept, never an exception. An exception that was raised keeps every frame that it passed alive,
with all objects in these frames.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import NamedTuple

from msgspec.json import decode as from_json

from game.errors import Refusal
from game.plain_values import as_json

MOST_REQUESTS = 100_000
MOST_BYTES = 32 << 20
_BYTES_OF_A_REQUEST = 500
"""Bytes of a request and its slot in a dictionary at its lowest fill. Its names and ids have limits; mostly it has
fewer.
"""


class RememberedRefusal(NamedTuple):
    """A refusal without the exception: its class and its message."""

    kind: type[Refusal]
    sentence: str


Outcome = str | RememberedRefusal
"""The outcome of a request: its answer as JSON text, or its refusal."""


def outcome_of(came_of_it: Mapping[str, object] | Refusal) -> Outcome:
    """Return the value to remember for an answer or a refusal."""
    if isinstance(came_of_it, Refusal):
        return RememberedRefusal(type(came_of_it), came_of_it.message)
    return as_json(came_of_it).decode()


def answer_of(outcome: Outcome) -> Mapping[str, object] | None:
    """Return the answer, or None if the request was refused."""
    return None if isinstance(outcome, RememberedRefusal) else from_json(outcome)


def error_of(outcome: Outcome) -> Refusal | None:
    """Return a new exception of the same class and message, or None if the request was not refused."""
    return outcome.kind(outcome.sentence) if isinstance(outcome, RememberedRefusal) else None


class RememberedAnswers:
    """The latest outcomes: at most ``MOST_REQUESTS``, and about ``MOST_BYTES``."""

    def __init__(self) -> None:
        # Oldest first. ``_bytes`` is the sum of ``_bytes_of`` for all of them. In a plain dictionary, to find the first
        # entry takes longer the more were removed before it.
        self._outcomes: OrderedDict[Hashable, Outcome] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._outcomes)

    def get(self, request: Hashable) -> Outcome | None:
        """Return the outcome of a request, or None if it is not remembered."""
        return self._outcomes.get(request)

    def add(self, outcomes: Mapping[Hashable, Outcome]) -> None:
        """Remember these outcomes. Forget the oldest ones when there are too many."""
        for request, outcome in outcomes.items():
            if request not in self._outcomes:
                self._outcomes[request] = outcome
                self._bytes += _bytes_of(outcome)
        while len(self._outcomes) > MOST_REQUESTS or self._bytes > MOST_BYTES:
            _, oldest = self._outcomes.popitem(last=False)
            self._bytes -= _bytes_of(oldest)


def _bytes_of(outcome: Outcome) -> int:
    text = outcome.sentence if isinstance(outcome, RememberedRefusal) else outcome
    return _BYTES_OF_A_REQUEST + sys.getsizeof(text)
