"""Plans when each fault is injected. Pure: the same seed gives the same plan. ``nemesis`` carries it out."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from verify.chaos.faults import Fault, FaultKind, variants
from wire import MAIN, REPLICATION

AVERAGE_GAP_S = 1.4
"""The average time between two faults, in seconds. Recoveries take about as long, so faults fall into them."""
GAP_IN_GROUP_S = 0.4
"""The time between two faults of one group, in seconds."""
IMMEDIATE = 0.35
"""The share of faults that come right after the fault before, in the middle of its effects."""

_COMBINED: list[tuple[Fault, ...]] = [
    # Commands arrive and are applied, but their answers are lost. The retries go to the next primary.
    (Fault(FaultKind.CUT, (MAIN,), for_s=1.2, port="client", direction="out"), Fault(FaultKind.KILL, (MAIN,))),
    # The replica falls behind, and then it is the only copy.
    (Fault(FaultKind.CUT, (REPLICATION,), for_s=1.0, direction="in"), Fault(FaultKind.KILL, (MAIN,))),
    # The primary is killed again during its recovery.
    (Fault(FaultKind.KILL, (MAIN,)), Fault(FaultKind.KILL, (MAIN,)), Fault(FaultKind.KILL, (REPLICATION,))),
]


def plan(seed: int, seconds: float, *, groups: int, without: Collection[FaultKind] = ()) -> tuple[Fault, ...]:
    """Return the faults of a run, in order of time. ``groups``: the number of client processes.

    The combined faults come first, then one fault of each kind, so that a short run has them all. After that come
    shuffled rounds of all faults. Raises ValueError if ``without`` has every kind.
    """
    rng = random.Random(seed)
    kinds = [kind for kind in FaultKind if kind not in without]
    faults: list[Fault] = []
    at_s = 0.0
    for group in _groups_of_faults(rng, kinds, groups):
        at_s += _gap_s(rng)
        for number, fault in enumerate(group):
            at_s += GAP_IN_GROUP_S if number else 0.0
            if at_s >= seconds:
                return tuple(faults)
            faults.append(replace(fault, at_s=round(at_s, 3)))
    raise ValueError("no kind of fault is left for the plan; exclude fewer")


def _gap_s(rng: random.Random) -> float:
    if rng.random() < IMMEDIATE:
        return rng.uniform(0.02, 0.3)
    return rng.uniform(0.4, 1.6) * (AVERAGE_GAP_S - IMMEDIATE * 0.16) / (1 - IMMEDIATE)


def _groups_of_faults(rng: random.Random, kinds: Iterable[FaultKind], groups: int) -> Iterator[tuple[Fault, ...]]:
    """Yield faults without end. The faults of one tuple belong together."""
    kinds = list(kinds)
    together = [group for group in _COMBINED if all(fault.kind in kinds for fault in group)]
    first: list[tuple[Fault, ...]] = [(rng.choice(list(variants(kind, rng, groups))),) for kind in kinds]
    rng.shuffle(first)
    yield from together
    yield from first
    while kinds:
        coming = [*together, *together]
        coming += [(fault,) for kind in kinds for fault in variants(kind, rng, groups)]
        rng.shuffle(coming)
        yield from coming
