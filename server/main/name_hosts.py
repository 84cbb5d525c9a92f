"""Which names are used from which host, for the limits per host. Pure. The main server keeps it in memory only.

A name counts for the host of its last claim. Clients repeat the claim once a minute, so a new main server soon has most
of them again. No host is ever written to disk. A name without a known host counts for no host.
"""

from __future__ import annotations

from collections.abc import Set


class NameHosts:
    """Names by host. Grows with the number of names that have an owner."""

    def __init__(self) -> None:
        self._hosts: dict[str, str] = {}  # name -> host; the inverse of ``_names``
        self._names: dict[str, set[str]] = {}  # host -> its names; never an empty set

    def put(self, name: str, host: str) -> None:
        """Record that the name is used from that host now. An empty host changes nothing."""
        if not host or self._hosts.get(name) == host:
            return
        self.forget(name)
        self._hosts[name] = host
        self._names.setdefault(host, set()).add(name)

    def forget(self, name: str) -> None:
        """Remove a name that has no owner any more."""
        host = self._hosts.pop(name, None)
        if host is not None:
            names = self._names[host]
            names.discard(name)
            if not names:
                del self._names[host]

    def names_of(self, host: str) -> Set[str]:
        """Return the names that are used from a host; none for an empty host."""
        return self._names.get(host, frozenset())
