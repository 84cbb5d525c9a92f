"""Addresses: parse and write them, listen on them, and count callers by host.

An IPv6 address before a port is in brackets, as in a URL: ``[::1]:1337`` (RFC 3986).
"""

from __future__ import annotations

import contextlib
import re
import socket
from typing import NamedTuple

LAST_PORT = 65535
_MAPPED = "::ffff:"
_NETWORK_BYTES = 8
"""The size of the IPv6 network prefix that counts as one host. A subscriber gets at least such a network (RFC 6177),
with practically unlimited addresses."""


class Address(NamedTuple):
    """The address of a server."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def packed(host: str) -> bytes | None:
    """Return a literal address as 4 or 16 bytes; None for a host name. (``ipaddress`` would slow the start.)"""
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError, ValueError):  # ValueError: the text contains a null character
            return socket.inet_pton(family, host)
    return None


def parse(text: str, default_port: int) -> Address:
    """Read ``host``, ``host:port``, ``[IPv6]:port`` or an IPv6 address without a port. Raises ValueError."""
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
    """Return a socket that listens there; on ``::`` also for IPv4. Raises OSError."""
    families = [family for family, *_ in socket.getaddrinfo(*where, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)]
    family = socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
    both = family == socket.AF_INET6 and packed(where.host) == bytes(16) and socket.has_dualstack_ipv6()
    listening = socket.create_server(where, family=family, backlog=backlog, dualstack_ipv6=both)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted connections inherit it
    return listening


def counted_host(host: str) -> str:
    """Return the host by which connections are counted: an IPv4 address, or a subscriber's IPv6 network."""
    if host.lower().startswith(_MAPPED) and "." in host:
        return host[len(_MAPPED) :]
    address = packed(host.partition("%")[0]) if ":" in host else None
    if address is None:
        return host
    return f"{socket.inet_ntop(socket.AF_INET6, address[:_NETWORK_BYTES] + bytes(_NETWORK_BYTES))}/64"
