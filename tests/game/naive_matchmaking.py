"""Who is matched with whom, as ``game.match.matchmaking`` says it in words: the reference, which need not be fast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from game.match.matchmaking import PATIENT_S, Seeker
from game.match.selection import Choices, narrowed


def naive_groups(
    seekers: Iterable[Seeker], now: float, choices: Choices, *, players: int = 2
) -> list[tuple[Seeker, ...]]:
    """The groups that are matched now, each in the order of the queue."""
    waiting = sorted(seekers, key=_place)
    found = []
    for first in list(waiting):
        group = _group_of(first, waiting, now, choices, players) if first in waiting else []
        if len(group) == players:
            waiting = [seeker for seeker in waiting if seeker not in group]
            found.append(tuple(sorted(group, key=_place)))
    return found


def _group_of(first: Seeker, waiting: Sequence[Seeker], now: float, choices: Choices, players: int) -> list[Seeker]:
    group = [first]
    while len(group) < players:
        fit = [other for other in waiting if other not in group and together([*group, other], choices)]
        if not fit:
            break
        patient = now - first.since >= PATIENT_S
        group.append(min(fit, key=_place if patient else lambda other: abs(other.rating - first.rating)))
    return group


def together(seekers: Sequence[Seeker], choices: Choices) -> bool:
    """Whether there is something that all of them wish for."""
    return narrowed(choices, [seeker.accepts for seeker in seekers]) is not None


def _place(seeker: Seeker) -> tuple[float, str]:
    return seeker.since, seeker.name
