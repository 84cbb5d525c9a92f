"""The audit of a history: was anything lost, doubled or out of order? Pure; it only looks at what clients saw.

A history is, for each room, the moves that were acknowledged to somebody, and the events that each watcher saw. None of
it comes from the servers' own books.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from game.events import Event, Moved
from game.rules import Seat

Seen = Sequence[tuple[int, Event]]
"""Events with their versions, in the order in which a watcher saw them."""


@dataclass(frozen=True)
class AckedMove:
    """A move whose answer somebody has."""

    name: str
    request_id: str
    seat: Seat | None
    cell: object
    version: int
    """The room's version in the answer: that of the last event the move made."""


@dataclass
class RoomHistory:
    """What was seen of one room."""

    acked: list[AckedMove] = field(default_factory=list)
    watchers: dict[str, list[tuple[int, Event]]] = field(default_factory=dict)
    gaps: int = 0
    final: list[tuple[int, Event]] = field(default_factory=list)
    """All of the room's events, from version 1, as read anew in the end."""


@dataclass(frozen=True)
class Findings:
    """What the audit found; each sentence names one case."""

    acked: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    out_of_order: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled or out of order."""
        return not (self.lost or self.doubled or self.out_of_order)


def audit(histories: Mapping[str, RoomHistory]) -> Findings:
    """Check all rooms."""
    lost: list[str] = []
    doubled: list[str] = []
    out_of_order: list[str] = []
    for room, history in histories.items():
        lost += [f"{room}: {what}" for what in _lost(history)]
        doubled += [f"{room}: {what}" for what in _doubled(history)]
        out_of_order += [f"{room}: {what}" for what in _out_of_order(history)]
    acked = sum(len(history.acked) for history in histories.values())
    return Findings(acked, tuple(lost), tuple(doubled), tuple(out_of_order))


def _lost(history: RoomHistory) -> Iterable[str]:
    """Acknowledged moves that the final history has not, or not as they were acknowledged."""
    moves = {event.request_id: (event, version) for version, event in history.final if isinstance(event, Moved)}
    ends = {event.request_id: version for version, event in history.final}
    for acked in history.acked:
        if acked.request_id not in moves:
            yield f"{acked.name}'s move on {acked.cell}, acknowledged at version {acked.version}, is not there"
            continue
        event, _ = moves[acked.request_id]
        there = (event.by, event.seat, event.move, ends[acked.request_id])
        if there != (acked.name, acked.seat, acked.cell, acked.version):
            yield f"{acked.name}'s move on {acked.cell} at version {acked.version} is there as another: {event}"


def _doubled(history: RoomHistory) -> Iterable[str]:
    """Requests that made more than one move, in what anybody saw."""
    for watcher, seen in [("the final history", history.final), *history.watchers.items()]:
        counted = Counter(event.request_id for _, event in dict(_unique(seen)).items() if isinstance(event, Moved))
        for request_id, count in counted.items():
            if count > 1:
                yield f"{watcher} has {count} moves of request {request_id}"


def _unique(seen: Seen) -> Iterable[tuple[int, Event]]:
    """Each version once, as first seen: what comes twice is told as out of order."""
    known: set[int] = set()
    for version, event in seen:
        if version not in known:
            known.add(version)
            yield version, event


def _out_of_order(history: RoomHistory) -> Iterable[str]:
    """Watchers who missed something, saw something twice, or saw something else than the final history has."""
    if history.gaps:
        yield f"{history.gaps} gaps in what watchers saw"
    if not history.final or history.final[0][0] != 1:
        yield "the final history does not begin with version 1"
    final = dict(history.final)
    for watcher, seen in [("the final history", history.final), *history.watchers.items()]:
        for (before, _), (version, _) in itertools.pairwise(seen):
            if version != before + 1:
                yield f"{watcher} saw version {version} after {before}"
        for version, event in seen:
            if final.get(version) != event:
                yield f"{watcher} saw {event} as version {version}, and the final history has {final.get(version)}"
