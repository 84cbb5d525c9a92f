"""Matchmaking: the waiting seekers, and which of them form a match. Pure: the clock is an argument.

The seeker with the longest wait is served first. Until that wait reaches ``PATIENT_S``, the opponent is the seeker with
the closest rating. After that, it is the seeker with the longest wait. Seekers are matched only if their filters are
compatible. The game decides how many players form a match.
"""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from game.match.selection import Choices, SeekFilter, narrowed

PATIENT_S = 10.0
"""Seconds after which a seeker is matched with any rating and is offered the house bot."""


class Seeker(NamedTuple):
    """A person who waits for a match. ``since``: in seconds, by the clock of the other arguments of ``Seekers``."""

    name: str
    accepts: SeekFilter
    rating: float
    since: float


class Seekers:
    """The waiting seekers. Supports ten thousand seekers.

    To serve a seeker, it looks at two neighbours by rating for each different filter, and at no other seekers.
    """

    def __init__(self, choices: Choices, *, players: int) -> None:
        """``choices``: all that can be played. ``players``: how many form a match."""
        self._choices = choices
        self._players = players
        self._waiting: dict[str, Seeker] = {}
        """The seekers by name. ``_queue`` and ``_by_rating`` always have the same seekers."""
        self._queue: list[tuple[float, str]] = []
        """(since, name) of each seeker, sorted."""
        self._by_rating: dict[SeekFilter, list[tuple[float, float, str]]] = {}
        """For each filter (rating, since, name) of its seekers, sorted. No list is empty."""

    def __len__(self) -> int:
        """Return the number of seekers."""
        return len(self._waiting)

    def __contains__(self, name: str) -> bool:
        """Return whether the person is waiting."""
        return name in self._waiting

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the seekers."""
        return iter(self._waiting)

    def add(self, seeker: Seeker) -> None:
        """Add a seeker. For a name that is already waiting, replace the filter and keep the place in the queue."""
        before = self._waiting.get(seeker.name)
        if before is not None:
            self.drop(seeker.name)
            seeker = seeker._replace(since=min(seeker.since, before.since))
        self._waiting[seeker.name] = seeker
        bisect.insort(self._queue, (seeker.since, seeker.name))
        bisect.insort(self._by_rating.setdefault(seeker.accepts, []), (seeker.rating, seeker.since, seeker.name))

    def drop(self, name: str) -> bool:
        """Remove a seeker. Return False if the name was not waiting."""
        seeker = self._waiting.pop(name, None)
        if seeker is None:
            return False
        del self._queue[bisect.bisect_left(self._queue, (seeker.since, name))]
        same = self._by_rating[seeker.accepts]
        del same[bisect.bisect_left(same, (seeker.rating, seeker.since, name))]
        if not same:
            del self._by_rating[seeker.accepts]
        return True

    def groups(self, now: float, most: int | None = None) -> list[tuple[Seeker, ...]]:
        """Remove and return the groups that are matched now, at most ``most``.

        Each group is in the order of the queue.
        """
        found: list[tuple[Seeker, ...]] = []
        for _, name in list(self._queue):
            if len(found) == most:
                break
            first = self._waiting.get(name)
            group = None if first is None else self._group_of(first, now)
            if group is not None:
                for seeker in group:
                    self.drop(seeker.name)
                found.append(tuple(sorted(group, key=_queue_order)))
        return found

    def choices_of(self, group: Sequence[Seeker]) -> Choices:
        """Return what the group can choose from."""
        return narrowed(self._choices, [seeker.accepts for seeker in group]) or self._choices

    def _group_of(self, first: Seeker, now: float) -> list[Seeker] | None:
        group = [first]
        while len(group) < self._players:
            following = self._next_for(group, now)
            if following is None:
                return None
            group.append(following)
        return group

    def _next_for(self, group: Sequence[Seeker], now: float) -> Seeker | None:
        """Return the next member of a group: a seeker outside it with a filter compatible with all filters in it."""
        filters, names = [seeker.accepts for seeker in group], [seeker.name for seeker in group]
        found = [
            candidate
            for accepts in self._by_rating
            if _compatible(self._choices, frozenset([*filters, accepts]))
            for candidate in self._candidates(accepts, group[0], names, now)
        ]
        if now - group[0].since >= PATIENT_S:
            return min(found, key=_queue_order, default=None)
        return min(found, key=lambda seeker: (abs(seeker.rating - group[0].rating), _queue_order(seeker)), default=None)

    def _candidates(self, accepts: SeekFilter, first: Seeker, names: Sequence[str], now: float) -> Iterable[Seeker]:
        """Return the possible next members with that filter.

        They are the neighbours by rating or, after PATIENT_S, the seeker with the longest wait. Of the seekers with one
        rating, it is the one with the longest wait.
        """
        same = self._by_rating[accepts]
        if now - first.since >= PATIENT_S:
            waiting = (self._waiting[name] for _, name in self._queue if name not in names)
            yield from islice((seeker for seeker in waiting if seeker.accepts == accepts), 1)
            return
        above = bisect.bisect_left(same, (first.rating,))
        for side in (range(above - 1, -1, -1), range(above, len(same))):
            nearest = next((same[at][0] for at in side if same[at][2] not in names), None)
            if nearest is not None:
                start = bisect.bisect_left(same, (nearest,))
                longest = next(name for _, _, name in same[start : start + len(names) + 1] if name not in names)
                yield self._waiting[longest]


@functools.cache
def _compatible(choices: Choices, filters: frozenset[SeekFilter]) -> bool:
    return narrowed(choices, list(filters)) is not None


def _queue_order(seeker: Seeker) -> tuple[float, str]:
    return seeker.since, seeker.name
