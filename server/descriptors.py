"""How many connections this process can have: each is a file descriptor, of which a system gives a process so many.

Beyond that nothing can be opened any more, the journal neither. So the limit is raised as far as the system lets us,
and connections beyond it are turned away instead.
"""

from __future__ import annotations

import sys

import structlog

ENDPOINTS = 2
RESERVE = 256
"""Descriptors for everything else: journal, locks, logs, connections to the other servers."""

logger = structlog.get_logger()


def connections_for(wanted: int) -> int:
    """How many connections each endpoint can take, ``wanted`` at most, after raising this process's limit for them."""
    limit = _raised_to(wanted * ENDPOINTS + RESERVE)
    possible = max(1, (limit - RESERVE) // ENDPOINTS)
    if possible < wanted:
        logger.warning(
            "fewer connections than MAX_CONNECTIONS: the system gives too few file descriptors",
            connections=possible,
            wanted=wanted,
            descriptors=limit,
        )
    return min(wanted, possible)


if sys.platform == "win32":

    def _raised_to(wanted: int) -> int:
        return wanted  # sockets there are not file descriptors, and have no such limit

else:
    import resource

    def _raised_to(wanted: int) -> int:
        """This process's limit of descriptors, now ``wanted`` if the system allows it."""
        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if now == resource.RLIM_INFINITY or now >= wanted:
            return wanted
        reachable = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, most))
        except (OSError, ValueError):  # some systems have another limit, and do not say which
            return int(now)
        return reachable
