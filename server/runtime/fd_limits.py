"""How many connections this process can have: each is a file descriptor, of which a system gives a process so many.

Beyond that nothing can be opened any more, the journal neither. So the limit is raised as far as the system lets us,
connections beyond it are turned away, and a server that could take hardly any does not start.
"""

from __future__ import annotations

import sys

import structlog

from server.settings import SettingsError

ENDPOINTS = 2
RESERVE = 256
"""Descriptors for everything else: journal, locks, logs, connections to the other servers."""
LEAST = 64
"""Connections that each endpoint must be able to take: the other servers have some 30 at the main server."""

logger = structlog.get_logger()


def connections_for(wanted: int) -> int:
    """How many connections each endpoint can take, ``wanted`` at most, after raising this process's limit for them.

    Raises SettingsError when these are fewer than LEAST, or than ``wanted`` if that is less.
    """
    limit = _raised_to(_descriptors_for(wanted))
    possible = (limit - RESERVE) // ENDPOINTS
    least = min(wanted, LEAST)
    if possible < least:
        raise SettingsError(
            f"the system lets this process open {limit} files at most (ulimit -Hn), and a server needs"
            f" {_descriptors_for(least)}: {RESERVE} for itself, and {least} connections on each of {ENDPOINTS} ports."
            f" Raise that limit: MAX_CONNECTIONS={wanted} needs {_descriptors_for(wanted)}"
        )
    if possible < wanted:
        logger.warning(
            "fewer connections than MAX_CONNECTIONS: the system gives too few file descriptors",
            connections=possible,
            wanted=wanted,
            descriptors=limit,
        )
    return min(wanted, possible)


def _descriptors_for(connections: int) -> int:
    return connections * ENDPOINTS + RESERVE


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
