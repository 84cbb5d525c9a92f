"""The number of connections that this process can have: each needs a file descriptor, and the system limits those.

Without a free descriptor nothing can be opened, not even the journal. So the limit is raised as far as the system
allows, and connections beyond it are refused. A server that could accept almost none does not start.
"""

from __future__ import annotations

import sys

import structlog

from server.settings import SettingsError

ENDPOINTS = 2
RESERVE = 256
"""Descriptors for everything else: journal, locks, logs, connections to the other servers."""
LEAST = 64
"""The minimum of connections at each endpoint: the other servers have about 30 at the main server."""

logger = structlog.get_logger()


def connections_for(wanted: int) -> int:
    """Raise this process's limit, and return how many connections each endpoint can have, at most ``wanted``.

    Raises SettingsError when that is fewer than LEAST, or than ``wanted`` if ``wanted`` is smaller.
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
        """Raise this process's descriptor limit to ``wanted`` if the system allows it; return the limit."""
        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if now == resource.RLIM_INFINITY or now >= wanted:
            return wanted
        reachable = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, most))
        except (OSError, ValueError):  # some systems have another limit and do not report it
            return int(now)
        return reachable
