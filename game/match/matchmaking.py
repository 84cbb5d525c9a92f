"""Who waits for a match, and who is matched with whom. Pure: the clock is handed in.

Whoever has waited longest is served first: with who has waited next longest; or, while neither has waited for
``PATIENT_S``, with whose rating is closest. Everybody is matched only with wishes that go together with their own. How
many make a match belongs to the game.
"""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from game.games.selection import Choices, SeekFilter, narrowed

PATIENT_S = 10.0
"""Who has waited for so long takes anybody, and hears that the house bot would play."""


class Seeker(NamedTuple):
    """Somebody who waits: since when, in seconds by the clock that ``Seekers`` are asked with."""

    name: str
    wish: SeekFilter
    rating: float
    since: float


class Seekers:
    """All who wait. Not safe for threads: the shell holds a lock. Ten thousand are no trouble: whoever is served looks
    at two neighbours for every different wish, and at nobody else.
    """

    def __init__(self, choices: Choices, *, players: int) -> None:
        """``choices``: all that can be played; ``players``: how many make a match."""
        self._choices = choices
        self._players = players
        self._waiting: dict[str, Seeker] = {}
        self._queue: list[tuple[float, str]] = []
        self._by_rating: dict[SeekFilter, list[tuple[float, str]]] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def __contains__(self, name: str) -> bool:
        """Whether somebody waits."""
        return name in self._waiting

    def __iter__(self) -> Iterator[str]:
        """The names of all who wait."""
        return iter(self._waiting)

    def ask(self, seeker: Seeker) -> None:
        """Wait; who waits already wishes for something else now, at the same place in the queue."""
        before = self._waiting.get(seeker.name)
        if before is not None:
            self.drop(seeker.name)
            seeker = seeker._replace(since=min(seeker.since, before.since))
        self._waiting[seeker.name] = seeker
        bisect.insort(self._queue, (seeker.since, seeker.name))
        bisect.insort(self._by_rating.setdefault(seeker.wish, []), (seeker.rating, seeker.name))

    def drop(self, name: str) -> bool:
        """Wait no more. False if they did not."""
        seeker = self._waiting.pop(name, None)
        if seeker is None:
            return False
        del self._queue[bisect.bisect_left(self._queue, (seeker.since, name))]
        same = self._by_rating[seeker.wish]
        del same[bisect.bisect_left(same, (seeker.rating, name))]
        if not same:
            del self._by_rating[seeker.wish]
        return True

    def groups(self, now: float) -> list[tuple[Seeker, ...]]:
        """Those who are matched now, each group in the order of the queue; they wait no more."""
        found = []
        for _, name in list(self._queue):
            first = self._waiting.get(name)
            group = None if first is None else self._group_of(first, now)
            if group is not None:
                for seeker in group:
                    self.drop(seeker.name)
                found.append(tuple(sorted(group, key=lambda seeker: (seeker.since, seeker.name))))
        return found

    def choices_of(self, group: Sequence[Seeker]) -> Choices:
        """What that group can choose of."""
        return narrowed(self._choices, [seeker.wish for seeker in group]) or self._choices

    def _group_of(self, first: Seeker, now: float) -> list[Seeker] | None:
        group = [first]
        while len(group) < self._players:
            following = self._next_for(group, now)
            if following is None:
                return None
            group.append(following)
        return group

    def _next_for(self, group: Sequence[Seeker], now: float) -> Seeker | None:
        """Who comes into a group next: nobody in it, and with a wish that goes together with all of theirs."""
        wishes, names = [seeker.wish for seeker in group], [seeker.name for seeker in group]
        found = [
            candidate
            for wish in self._by_rating
            if _together(self._choices, frozenset([*wishes, wish]))
            for candidate in self._candidates(wish, group[0], names, now)
        ]
        if now - group[0].since >= PATIENT_S:
            return min(found, key=lambda seeker: (seeker.since, seeker.name), default=None)
        return min(found, key=lambda seeker: (abs(seeker.rating - group[0].rating), seeker.since), default=None)

    def _candidates(self, wish: SeekFilter, first: Seeker, names: Sequence[str], now: float) -> Iterable[Seeker]:
        """Of those with a wish who may come next: the neighbours in rating, or who has waited longest."""
        same = self._by_rating[wish]
        if now - first.since >= PATIENT_S:
            yield from self._longest(wish, names)
            return
        at = bisect.bisect_left(same, (first.rating, first.name))
        for side in (range(at - 1, -1, -1), range(at, len(same))):
            name = next((same[place][1] for place in side if same[place][1] not in names), None)
            if name is not None:
                yield self._waiting[name]

    def _longest(self, wish: SeekFilter, names: Sequence[str]) -> Iterable[Seeker]:
        for _, name in self._queue:
            if name not in names and self._waiting[name].wish == wish:
                yield self._waiting[name]
                return


@functools.cache
def _together(choices: Choices, wishes: frozenset[SeekFilter]) -> bool:
    return narrowed(choices, list(wishes)) is not None
