"""The epoch history of a log: which epoch of which holder wrote which positions. No I/O.

A main server that has only an old journal can choose an epoch number that is taken, but never another server's holder.
A holder writes each position once. So two logs with the same last log id and holder are equal up to it. This is the log
matching property of Raft. The list of terms is Kafka's leader epoch checkpoint.
"""

from __future__ import annotations

import bisect
import operator
from collections.abc import Iterable, Iterator

from game.errors import check
from server.log.entries import START, EpochStart, LogEnd, LogId

KEPT_TERMS = 1000
"""Takeovers for which a log can still be compared with another. This many terms fit into one message."""


class EpochHistory:
    """Which epoch of which holder wrote which positions of a log."""

    def __init__(self, terms: Iterable[EpochStart] = ()) -> None:
        # Epochs strictly rise, and so do first positions: a term that wrote nothing is replaced by the next.
        self._terms: list[EpochStart] = []
        for term in terms:
            self.begin(term)

    def __iter__(self) -> Iterator[EpochStart]:
        return iter(self._terms)

    def begin(self, term: EpochStart) -> None:
        """Add a term that writes from ``term.first`` on.

        Epochs must rise, and positions must not fall. A term that wrote nothing is replaced by the next.
        """
        if self._terms:
            last = self._terms[-1]
            check(
                term.epoch > last.epoch and term.first >= last.first,
                "a term must have a higher epoch than the last one, and must not begin before it",
            )
            if term.first == last.first:
                self._terms.pop()
        self._terms.append(term)

    def up_to(self, end: int, *following: EpochStart) -> EpochHistory:
        """Return the terms that begin up to a position, and those that follow; at most ``KEPT_TERMS`` in all."""
        kept = (*self._terms[: self._begun_by(end)], *following)
        return EpochHistory(kept[-KEPT_TERMS:])

    @property
    def first(self) -> int:
        """The first position for which the epoch is known."""
        return self._terms[0].first if self._terms else 1

    def written(self, after: int, upto: int) -> tuple[EpochStart, ...]:
        """Return the terms that begin after position ``after`` and not after position ``upto``.

        A copy that ends at ``after`` lacks these terms.
        """
        return tuple(self._terms[self._begun_by(after) : self._begun_by(upto)])

    def end_at(self, last: LogId) -> LogEnd:
        """Return the end of this log, if ``last`` is the log id of its last entry."""
        term = self._term_of(last.position)
        return LogEnd(*last, term.holder if term is not None and term.epoch == last.epoch else "")

    def contain(self, end: LogEnd, last: LogId) -> bool:
        """Return whether this log begins with the whole log that ends at ``end``.

        ``last`` is the log id of this log's last entry.
        """
        if end.log_id == START:
            return True
        term = self._term_of(end.position)
        return (
            end.position <= last.position and term is not None and (term.epoch, term.holder) == (end.epoch, end.holder)
        )

    def log_id_at(self, position: int) -> LogId | None:
        """Return the log id of a position, or None if these terms begin after it."""
        term = self._term_of(position)
        return None if term is None else LogId(term.epoch, position)

    def _term_of(self, position: int) -> EpochStart | None:
        begun = self._begun_by(position)
        return self._terms[begun - 1] if begun else None

    def _begun_by(self, position: int) -> int:
        """Return how many terms begin at or before a position."""
        return bisect.bisect_right(self._terms, position, key=_FIRST)


_FIRST = operator.attrgetter("first")
