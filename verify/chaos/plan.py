"""Which fault falls when: pure, the same for the same seed. What a fault does to a process is in ``nemesis``."""

from __future__ import annotations

import enum
import itertools
import random
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

SERVERS = (MAIN, COMMUNICATION, REPLICATION)
ROLES = (*SERVERS, NAME_SERVER)
EVERY_S = 1.4
"""From one fault to the next, on average. Recoveries take about as long, so that faults fall into them."""
FOLLOWS_S = 0.4
"""From one fault to the next of those that belong together."""
AT_ONCE = 0.35
"""This part of the faults come right after the one before, in the middle of whatever that began."""

Port = Literal["peer", "client"]
Direction = Literal["in", "out", "both"]


class FaultKind(str, enum.Enum):
    """What happens to whom."""

    KILL = "kill"
    HANG = "hang"
    PAUSE = "pause"
    DISK_FULL = "disk full"
    CUT = "network cut"
    CLOCK = "clock"
    CLIENT = "client killed"
    DAMAGE = "row damaged"


@dataclass(frozen=True)
class Fault:
    """One fault, ``at_s`` seconds after the first moment of the run."""

    kind: FaultKind
    roles: tuple[str, ...] = ()
    for_s: float = 0.0
    """How long it lasts; 0 for what is done at once, and for a hang, which lasts until the server is replaced."""
    port: Port = "peer"
    direction: Direction = "both"
    largest_bytes: int = 0
    """How large files may get while a disk is full. Above 0, small ones can be written and large ones not."""
    offsets_s: tuple[float, ...] = ()
    """How far the servers' clocks are from the right time from now on."""
    group: int = 0
    """Which of the clients' processes is killed."""
    pick: int = 0
    """Which row is damaged, of those that there are: any number."""
    at_s: float = 0.0

    def __str__(self) -> str:
        words = [self.kind.value, " and ".join(self.roles)]
        if self.kind is FaultKind.CUT:
            words.append(f"({self.port} port, {self.direction})")
        elif self.kind is FaultKind.DISK_FULL:
            words.append(f"above {self.largest_bytes} bytes a file")
        elif self.kind is FaultKind.CLOCK:
            words.append(", ".join(f"{offset_s:+.0f} s" for offset_s in self.offsets_s))
        elif self.kind is FaultKind.CLIENT:
            words.append(f"group {self.group}")
        if self.for_s:
            words.append(f"for {self.for_s:.2f} s")
        return " ".join(word for word in words if word)


def plan(seed: int, seconds: float, *, groups: int, without: Collection[FaultKind] = ()) -> tuple[Fault, ...]:
    """The faults of a run, in order of time. ``groups``: how many processes of clients there are.

    What belongs together comes first, then one of each kind, so that a short run has them all; then rounds of all there
    are, each shuffled.
    """
    chance = random.Random(seed)
    kinds = [kind for kind in FaultKind if kind not in without]
    faults: list[Fault] = []
    at_s = 0.0
    for strokes in _endlessly(chance, kinds, groups):
        at_s += _gap_s(chance)
        for number, fault in enumerate(strokes):
            at_s += FOLLOWS_S if number else 0.0
            if at_s >= seconds:
                return tuple(faults)
            faults.append(replace(fault, at_s=round(at_s, 3)))
    raise ValueError("a plan needs at least one kind of fault")


def _gap_s(chance: random.Random) -> float:
    if chance.random() < AT_ONCE:
        return chance.uniform(0.02, 0.3)
    return chance.uniform(0.4, 1.6) * (EVERY_S - AT_ONCE * 0.16) / (1 - AT_ONCE)


def _endlessly(chance: random.Random, kinds: Iterable[FaultKind], groups: int) -> Iterator[tuple[Fault, ...]]:
    """What falls, one after the other; what is in one tuple belongs together."""
    kinds = list(kinds)
    together = [strokes for strokes in _TOGETHER if all(fault.kind in kinds for fault in strokes)]
    first: list[tuple[Fault, ...]] = [(chance.choice(list(_of_kind(kind, chance, groups))),) for kind in kinds]
    chance.shuffle(first)
    yield from together
    yield from first
    while kinds:
        coming = [*together, *together]
        coming += [(fault,) for kind in kinds for fault in _of_kind(kind, chance, groups)]
        chance.shuffle(coming)
        yield from coming


def _of_kind(kind: FaultKind, chance: random.Random, groups: int) -> Iterator[Fault]:
    """A round's faults of a kind."""
    if kind is FaultKind.CLOCK:
        for _ in range(5):
            offsets_s = [chance.choice((-1, 1)) * 10 ** chance.uniform(0.0, 5.0) for _ in range(5)]
            yield Fault(kind, offsets_s=tuple(round(offset_s, 3) for offset_s in offsets_s))
    elif kind is FaultKind.CLIENT:
        for _ in range(6):
            yield Fault(kind, group=chance.randrange(groups), for_s=chance.uniform(0.0, 1.0))
    elif kind is FaultKind.DAMAGE:
        for role in (*_WITH_JOURNAL, *_WITH_JOURNAL, *_WITH_JOURNAL):
            yield Fault(kind, (role,), pick=chance.randrange(1 << 32))
    elif kind is FaultKind.CUT:
        ports: tuple[Port, ...] = ("peer", "client")
        directions: tuple[Direction, ...] = ("in", "out", "both")
        for role, port in (*itertools.product(SERVERS, ports), (NAME_SERVER, ports[1])):
            for_s, direction = chance.uniform(0.2, 3.0), chance.choice(directions)
            yield Fault(kind, (role,), for_s=for_s, port=port, direction=direction)
    else:
        for roles, shortest_s, longest_s in _ON_PROCESSES[kind]:
            for_s, largest = chance.uniform(shortest_s, longest_s), chance.choice((0, 4096, 65536))
            yield Fault(kind, roles, for_s=for_s, largest_bytes=largest if kind is FaultKind.DISK_FULL else 0)


_TOGETHER: list[tuple[Fault, ...]] = [
    # Commands get there and are carried out, their answers do not get back, and another is asked again.
    (Fault(FaultKind.CUT, (MAIN,), for_s=1.2, port="client", direction="out"), Fault(FaultKind.KILL, (MAIN,))),
    # The copy falls behind, and then it is all that is asked.
    (Fault(FaultKind.CUT, (REPLICATION,), for_s=1.0, direction="in"), Fault(FaultKind.KILL, (MAIN,))),
    # Killed again while it begins anew.
    (Fault(FaultKind.KILL, (MAIN,)), Fault(FaultKind.KILL, (MAIN,)), Fault(FaultKind.KILL, (REPLICATION,))),
]
_WITH_JOURNAL = (MAIN, REPLICATION)
_SINGLES = tuple((role,) for role in ROLES)
_PAIRS = tuple(itertools.combinations(ROLES, 2))
_ON_PROCESSES: dict[FaultKind, list[tuple[tuple[str, ...], float, float]]] = {
    FaultKind.KILL: [(roles, 0.0, 0.0) for roles in (*_SINGLES, *_SINGLES, *_PAIRS, SERVERS, ROLES)],
    FaultKind.HANG: [(roles, 0.0, 0.0) for roles in (*_SINGLES, *_PAIRS)],
    FaultKind.PAUSE: [
        *((roles, 0.05, 0.5) for roles in (*_SINGLES, *_PAIRS)),
        # About as long as it takes until a server counts as hung: it may wake just when it is ended.
        ((MAIN,), 0.9, 2.0),
        ((REPLICATION,), 0.9, 2.0),
    ],
    FaultKind.DISK_FULL: [
        (roles, 0.3, 3.0) for roles in ((MAIN,), (REPLICATION,), (COMMUNICATION,), (MAIN, REPLICATION), SERVERS)
    ],
}
"""Whom a fault hits, and the shortest and the longest that it lasts, in seconds."""
