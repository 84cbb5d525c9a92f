"""Addresses: how they are written and read, how to listen on them, and which callers count as one host.

IPv6 addresses are written in brackets where a port follows, as in a URL: ``[::1]:1337`` (RFC 3986).
"""

from __future__ import annotations

import contextlib
import re
import socket
from typing import NamedTuple

LAST_PORT = 65535
_MAPPED = "::ffff:"
_NETWORK_BYTES = 8
"""What a subscriber gets of IPv6 is a network of so many bytes at least (RFC 6177), with addresses without end."""


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def packed(host: str) -> bytes | None:
    """An address that is written out, as 4 or 16 bytes; None for a name. (``ipaddress`` would cost start time.)"""
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError, ValueError):  # ValueError: a null in it
            return socket.inet_pton(family, host)
    return None


def parse(text: str, default_port: int) -> Address:
    """Read ``host``, ``host:port``, ``[IPv6]:port`` or a lone IPv6 address. Raises ValueError."""
    bracketed = re.fullmatch(r"\[([^\[\]]*)\](?::([0-9]{1,5}))?", text)
    plain = re.fullmatch(r"([^\[\]:]+)(?::([0-9]{1,5}))?", text)
    if bracketed is not None and ":" in bracketed[1] and packed(bracketed[1]) is not None:
        host, port = bracketed.groups()
    elif plain is not None:
        host, port = plain.groups()
    elif ":" in text and packed(text) is not None:
        host, port = text, None
    else:
        raise ValueError("neither host nor host:port")
    number = default_port if port is None else int(port)
    if not 1 <= number <= LAST_PORT:
        raise ValueError("no such port")
    return Address(host, number)


def listen(where: Address, *, backlog: int) -> socket.socket:
    """A socket that listens there; on ``::`` also for IPv4. Raises OSError."""
    families = [family for family, *_ in socket.getaddrinfo(*where, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)]
    family = socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
    both = family == socket.AF_INET6 and packed(where.host) == bytes(16) and socket.has_dualstack_ipv6()
    return socket.create_server(where, family=family, backlog=backlog, dualstack_ipv6=both)


def counted_host(host: str) -> str:
    """What counts as one host: an IPv4 address, or the IPv6 network of a subscriber."""
    if host.lower().startswith(_MAPPED) and "." in host:
        return host[len(_MAPPED) :]
    address = packed(host.partition("%")[0]) if ":" in host else None
    if address is None:
        return host
    return f"{socket.inet_ntop(socket.AF_INET6, address[:_NETWORK_BYTES] + bytes(_NETWORK_BYTES))}/64"
