"""Wrong on purpose: a majority whose reads do not give back what they found.

It looks right, and nearly always is. But while a write is under way, one read can meet a server that has the new value,
and a later one a majority that has not: time goes backwards. The simulator finds the seed.
"""

from __future__ import annotations

from simulator.engine.register import PendingRequest
from simulator.examples.majority import Majority


class NoWriteBack(Majority):
    """The same, but a read answers at once with the newest of what a majority has."""

    def read(self, ticket: PendingRequest) -> None:
        self._get(lambda _version, value: self.answer(ticket, value))
