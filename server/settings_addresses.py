"""Where the servers listen and where others reach them: these settings, their defaults and their rules.

Nothing here reads the machine. ``this_machine`` has the checks that depend on its addresses.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple

from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.addresses import LAST_PORT, packed
from wire.rpc import Address

_LOCALHOST = "127.0.0.1"
_LOOPBACK_4 = bytes([127])
_LOOPBACK_6 = bytes(15) + bytes([1])
_NAMES = {MAIN: "MAIN", COMMUNICATION: "COMMUNICATION", REPLICATION: "REPLICATION"}
_SERVERS = tuple(_NAMES)


@dataclass(frozen=True)
class AddressSettings:
    """The settings that are hosts and ports. The environment variable of a field is its name in capitals."""

    name_server_host: str = "localhost"
    name_server_port: int = 1337
    bind_host: str = "127.0.0.1"
    peer_bind_host: str = "127.0.0.1"
    public_host: str = ""
    main_host: str = "127.0.0.1"
    main_port: int = 13371
    main_peer_port: int = 13381
    communication_host: str = "127.0.0.1"
    communication_port: int = 13372
    communication_peer_port: int = 13382
    replication_host: str = "127.0.0.1"
    replication_port: int = 13373
    replication_peer_port: int = 13383
    metrics_host: str = "127.0.0.1"
    main_metrics_port: int = 13391
    communication_metrics_port: int = 13392
    replication_metrics_port: int = 13393

    @property
    def name_server(self) -> Address:
        return Address(self.name_server_host, self.name_server_port)

    def host_of(self, role: str) -> str:
        """Return the host on which that server runs."""
        return {
            MAIN: self.main_host,
            COMMUNICATION: self.communication_host,
            REPLICATION: self.replication_host,
            NAME_SERVER: self.name_server_host,
        }[role]

    def client_port_of(self, role: str) -> int:
        """Return the port for clients of that server."""
        return {MAIN: self.main_port, COMMUNICATION: self.communication_port, REPLICATION: self.replication_port}[role]

    def peer_address_of(self, role: str) -> Address:
        """Return the address where the other servers reach that server."""
        port = {
            MAIN: self.main_peer_port,
            COMMUNICATION: self.communication_peer_port,
            REPLICATION: self.replication_peer_port,
        }[role]
        return Address(self.host_of(role), port)

    @property
    def server_ports(self) -> tuple[int, ...]:
        """All ports of the three servers for clients and peers."""
        return tuple(port for role in _SERVERS for port in (self.client_port_of(role), self.peer_address_of(role).port))

    def metrics_port_of(self, role: str) -> int:
        """Return the port on which that server serves its metrics; 0 if it serves none."""
        return {
            MAIN: self.main_metrics_port,
            COMMUNICATION: self.communication_metrics_port,
            REPLICATION: self.replication_metrics_port,
        }[role]

    def public_address_of(self, role: str) -> Address:
        """Return the address that clients get."""
        return Address(self.public_host or self.host_of(role), self.client_port_of(role))


def address_problems(settings: AddressSettings) -> Iterator[str]:
    """Yield what is wrong with these settings, the plainest first; nothing if they are valid."""
    for field in fields(AddressSettings):
        name, value = field.name, getattr(settings, field.name)
        if name.endswith("_host"):
            yield from _host(name, value)
        else:
            yield from _port(name, value)
    yield from _addresses(settings)
    yield from _ports_used_twice(settings)


def _port(name: str, value: int) -> Iterator[str]:
    may_be_off = name.endswith("_metrics_port")
    if not (0 if may_be_off else 1) <= value <= LAST_PORT:
        yield f"{name.upper()} must be a port from 1 to {LAST_PORT}{', or 0 for none' if may_be_off else ''}"


def _host(name: str, value: str) -> Iterator[str]:
    if not value and name != "public_host":
        yield f"{name.upper()} must name a host"
    if re.search(r"[\[\]:/\s]", value) and packed(value) is None:
        yield f"{name.upper()} must be a name or an address, without port and brackets, not {value}"


# -- addresses --------------------------------------------------------------------------------------------------------


def is_loopback(host: str) -> bool:
    """Return whether a written address can be reached only from its own machine. A name is not resolved."""
    address = packed(host)
    return host.lower() == "localhost" if address is None else address == _LOOPBACK_6 or address[:-3] == _LOOPBACK_4


def is_every_address(host: str) -> bool:
    """Return whether it means all addresses of a machine: valid to listen on, not to connect to."""
    address = packed(host)
    return address is not None and not any(address)


def _is_elsewhere(host: str) -> bool:
    """Return whether it is a written address that is not loopback."""
    return packed(host) is not None and not is_loopback(host)


def _addresses(settings: AddressSettings) -> Iterator[str]:
    for name in ("public_host", "main_host", "communication_host", "replication_host"):
        if is_every_address(getattr(settings, name)):
            yield f"{name.upper()} must be an address that others can connect to, not {getattr(settings, name)}"
    bind, public = settings.bind_host, settings.public_host
    given = [(f"{_NAMES[role]}_HOST", settings.host_of(role)) for role in _SERVERS]
    given = [("PUBLIC_HOST", public)] if public else given
    for name, host in given:
        if not is_loopback(bind) and is_loopback(host):
            yield (
                f"BIND_HOST is {bind}, but clients are given {host}, which leads them to their own machine:"
                " set PUBLIC_HOST to the address of this machine that they can reach"
            )
        elsewhere = not is_loopback(host) if public else _is_elsewhere(host)
        if is_loopback(bind) and elsewhere:
            yield (
                f"{name} is {host}, but BIND_HOST is {bind}, where only this machine can connect:"
                " set BIND_HOST to that address, or to 0.0.0.0 for all addresses of this machine"
            )
    if not is_loopback(bind) and is_loopback(settings.name_server_host):
        yield (
            f"BIND_HOST is {bind}, but the name server is at {settings.name_server_host}, where other machines cannot"
            " look the servers up: set NAME_SERVER_HOST to the address of this machine that they can reach"
        )
    yield from _peer_addresses(settings)


def _peer_addresses(settings: AddressSettings) -> Iterator[str]:
    bind = settings.peer_bind_host
    for role in _SERVERS:
        name, host = f"{_NAMES[role]}_HOST", settings.host_of(role)
        if is_loopback(bind) and _is_elsewhere(host):
            yield (
                f"{name} is {host}, but PEER_BIND_HOST is {bind}, where the other servers cannot connect:"
                f" set PEER_BIND_HOST to {host}"
            )
        if _is_elsewhere(bind) and not is_every_address(bind) and is_loopback(host):
            yield (
                f"PEER_BIND_HOST is {bind}, but {name} is {host}, where the other servers would look for it:"
                f" set {name} to {bind}"
            )


# -- ports ------------------------------------------------------------------------------------------------------------


class _Port(NamedTuple):
    setting: str
    number: int
    machine: str
    """The host as the settings have it."""
    bind: str


def _ports_used_twice(settings: AddressSettings) -> Iterator[str]:
    for one, other in itertools.combinations(_ports(settings), 2):
        if (
            one.number == other.number
            and _may_be_one_machine(one.machine, other.machine)
            and _overlap(one.bind, other.bind)
        ):
            yield f"{one.setting} and {other.setting} are both {one.number}: each needs a port of its own"


def _ports(settings: AddressSettings) -> Iterator[_Port]:
    yield _Port("NAME_SERVER_PORT", settings.name_server_port, settings.name_server_host, settings.name_server_host)
    for role in _SERVERS:
        host, name = settings.host_of(role), _NAMES[role]
        yield _Port(f"{name}_PORT", settings.client_port_of(role), host, settings.bind_host)
        yield _Port(f"{name}_PEER_PORT", settings.peer_address_of(role).port, host, settings.peer_bind_host)
        if settings.metrics_port_of(role):
            yield _Port(f"{name}_METRICS_PORT", settings.metrics_port_of(role), host, settings.metrics_host)


def _may_be_one_machine(one: str, other: str) -> bool:
    """Return whether two hosts may be the same machine, as far as their texts show.

    Loopback is the machine of each reader, so it may be any host.
    """
    return one.lower() == other.lower() or is_loopback(one) or is_loopback(other)


def _overlap(one: str, other: str) -> bool:
    """Return whether a listener on one address excludes a listener on the same port of the other."""
    first, second = (_LOCALHOST if host.lower() == "localhost" else host.lower() for host in (one, other))
    return first == second or is_every_address(one) or is_every_address(other)
