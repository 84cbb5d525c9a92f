"""Wrong on purpose: a majority algorithm whose reads do not write back the value that they found.

It is almost always correct. But during a write one read can see the new value, and a later read can use a majority
without it. Time then goes back. The simulator finds a seed that shows it.
"""

from __future__ import annotations

from simulator.engine.register import PendingRequest
from simulator.examples.majority import Majority


class NoWriteBack(Majority):
    """``Majority``, but a read answers at once with the newest value of a majority."""

    def read(self, ticket: PendingRequest) -> None:
        self._get(lambda _version, value: self.answer(ticket, value))
