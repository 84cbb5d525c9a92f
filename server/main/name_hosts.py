"""Which names are used from which host: what the limits per host count. Pure; the main server has one, in memory alone.

A name counts for the host from which it was last claimed, or claimed again: windows do that once a minute. So a new
main server knows most of it again soon, and no host is written down anywhere. What is not known counts for nobody.
"""

from __future__ import annotations

from collections.abc import Set


class NameHosts:
    """Names by host. As large as there are names that are somebody's. Not safe for threads."""

    def __init__(self) -> None:
        self._hosts: dict[str, str] = {}
        self._names: dict[str, set[str]] = {}

    def put(self, name: str, host: str) -> None:
        """The name is used from that host now; an empty host is none, and changes nothing."""
        if not host or self._hosts.get(name) == host:
            return
        self.forget(name)
        self._hosts[name] = host
        self._names.setdefault(host, set()).add(name)

    def forget(self, name: str) -> None:
        """The name is nobody's any more."""
        host = self._hosts.pop(name, None)
        if host is not None:
            names = self._names[host]
            names.discard(name)
            if not names:
                del self._names[host]

    def of(self, name: str) -> str:
        """The host of a name; empty if it is not known."""
        return self._hosts.get(name, "")

    def names_of(self, host: str) -> Set[str]:
        """The names that are used from a host; none for an empty one."""
        return self._names.get(host, frozenset())
