"""The kinds of faults, and the variants of each: roles, durations, ports. Pure.

A new kind of fault needs a member of ``FaultKind``, its variants in ``variants``, and a method of ``nemesis`` that
injects it with ``verify.testbed.cluster_faults``. ``fault_plan`` decides when each fault comes.
"""

from __future__ import annotations

import enum
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from server.supervision.processes import TEMPLATE
from verify.testbed.detours import Direction
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

SERVERS = (MAIN, COMMUNICATION, REPLICATION)
ROLES = (*SERVERS, NAME_SERVER)
Port = Literal["peer", "client"]


class FaultKind(str, enum.Enum):
    """The kinds of faults."""

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
    """A fault. ``at_s`` counts in seconds from the beginning of the run."""

    kind: FaultKind
    roles: tuple[str, ...] = ()
    for_s: float = 0.0
    """How long it lasts, in seconds. 0 for a fault without duration, and for a hang, which lasts until the server is
    replaced."""
    port: Port = "peer"
    direction: Direction = "both"
    largest_bytes: int = 0
    """The largest possible file while a disk is full. Above 0, small files can be written and large ones cannot."""
    offsets_s: tuple[float, ...] = ()
    """How far the servers' clocks are wrong from now on, in seconds."""
    group: int = 0
    """The group of clients that is killed."""
    pick: int = 0
    """Any number. It selects the row that is damaged."""
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


def variants(kind: FaultKind, rng: random.Random, groups: int) -> Iterator[Fault]:
    """Yield the faults of one kind in a round. ``groups``: the number of client processes."""
    if kind is FaultKind.CLOCK:
        for _ in range(5):
            offsets_s = [rng.choice((-1, 1)) * 10 ** rng.uniform(0.0, 5.0) for _ in range(5)]
            yield Fault(kind, offsets_s=tuple(round(offset_s, 3) for offset_s in offsets_s))
    elif kind is FaultKind.CLIENT:
        for _ in range(6):
            yield Fault(kind, group=rng.randrange(groups), for_s=rng.uniform(0.0, 1.0))
    elif kind is FaultKind.DAMAGE:
        for role in (*_WITH_JOURNAL, *_WITH_JOURNAL, *_WITH_JOURNAL):
            yield Fault(kind, (role,), pick=rng.randrange(1 << 32))
    elif kind is FaultKind.CUT:
        ports: tuple[Port, ...] = ("peer", "client")
        directions: tuple[Direction, ...] = ("in", "out", "both")
        for role, port in (*itertools.product(SERVERS, ports), (NAME_SERVER, ports[1])):
            for_s, direction = rng.uniform(0.2, 3.0), rng.choice(directions)
            yield Fault(kind, (role,), for_s=for_s, port=port, direction=direction)
    else:
        for roles, shortest_s, longest_s in _ON_PROCESSES[kind]:
            for_s, largest = rng.uniform(shortest_s, longest_s), rng.choice((0, 4096, 65536))
            yield Fault(kind, roles, for_s=for_s, largest_bytes=largest if kind is FaultKind.DISK_FULL else 0)


_WITH_JOURNAL = (MAIN, REPLICATION)
_SINGLES = tuple((role,) for role in ROLES)
_PAIRS = tuple(itertools.combinations(ROLES, 2))
_TEMPLATE: tuple[tuple[str, ...], ...] = ((TEMPLATE,), *((role, TEMPLATE) for role in SERVERS))
"""The template process alone, and with a server that it would have forked again."""
_ON_PROCESSES: dict[FaultKind, list[tuple[tuple[str, ...], float, float]]] = {
    FaultKind.KILL: [(roles, 0.0, 0.0) for roles in (*_SINGLES, *_SINGLES, *_PAIRS, *_TEMPLATE, SERVERS, ROLES)],
    FaultKind.HANG: [(roles, 0.0, 0.0) for roles in (*_SINGLES, *_PAIRS, *_TEMPLATE)],
    FaultKind.PAUSE: [
        *((roles, 0.05, 0.5) for roles in (*_SINGLES, *_PAIRS, *_TEMPLATE)),
        # About the time after which a server counts as hung: it may wake just as it is ended.
        ((MAIN,), 0.9, 2.0),
        ((REPLICATION,), 0.9, 2.0),
    ],
    FaultKind.DISK_FULL: [
        (roles, 0.3, 3.0) for roles in ((MAIN,), (REPLICATION,), (COMMUNICATION,), (MAIN, REPLICATION), SERVERS)
    ],
}
"""By kind of fault: the roles that it hits, and its shortest and longest duration in seconds."""
