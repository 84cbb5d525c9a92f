"""Which servers are killed, in which order."""

from __future__ import annotations

import random
from collections.abc import Callable

from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

ALL_SERVERS = (MAIN, COMMUNICATION, REPLICATION)
_SINGLES = ((MAIN,), (REPLICATION,), (COMMUNICATION,), (NAME_SERVER,))
_PAIRS = ((MAIN, REPLICATION), (MAIN, COMMUNICATION), (COMMUNICATION, REPLICATION), (MAIN, NAME_SERVER))


def kill_schedule(seed: int) -> Callable[[], tuple[str, ...]]:
    """Whom to kill next: in each round each role alone, each pair and all three servers at once, shuffled by the seed.

    The first round goes each role alone, all three at once, each pair, so that even a short demo has killed all four.
    """
    chance = random.Random(seed)
    coming: list[tuple[str, ...]] = [
        *chance.sample(_SINGLES, len(_SINGLES)),
        ALL_SERVERS,
        *chance.sample(_PAIRS, len(_PAIRS)),
    ]

    def following() -> tuple[str, ...]:
        if not coming:
            coming.extend([*_SINGLES, *_SINGLES[:1], *_PAIRS, ALL_SERVERS])
            chance.shuffle(coming)
        return coming.pop(0)

    return following
