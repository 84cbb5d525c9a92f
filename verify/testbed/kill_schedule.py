"""The order in which servers are killed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

ALL_SERVERS = (MAIN, COMMUNICATION, REPLICATION)
_SINGLES = ((MAIN,), (REPLICATION,), (COMMUNICATION,), (NAME_SERVER,))
_PAIRS = ((MAIN, REPLICATION), (MAIN, COMMUNICATION), (COMMUNICATION, REPLICATION), (MAIN, NAME_SERVER))


def kill_schedule(seed: int) -> Iterator[tuple[str, ...]]:
    """Yield the roles to kill next, without end.

    A round has each role alone, each pair, and all three servers at once, shuffled by the seed.

    The first round kills each role alone, then all three servers at once, then each pair. So even a short demo kills
    all four roles.
    """
    rng = random.Random(seed)
    yield from rng.sample(_SINGLES, len(_SINGLES))
    yield ALL_SERVERS
    yield from rng.sample(_PAIRS, len(_PAIRS))
    while True:
        coming = [*_SINGLES, *_SINGLES[:1], *_PAIRS, ALL_SERVERS]
        rng.shuffle(coming)
        yield from coming
