"""The rules for settings, each alone and together. Pure. Yields sentences with the setting and its allowed values.

Nothing here reads the machine. ``this_machine`` has the checks that depend on its addresses.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import NamedTuple

from server.settings_fields import SettingsFields
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.addresses import LAST_PORT, packed

_CHOICES = {
    "durability": ("os", "fsync"),
    "log_format": ("text", "json"),
    "log_level": ("debug", "info", "warning", "error"),
}
_LONGEST_S = 1e7
_LEAST_MESSAGE = 1 << 16
_LEAST_LOG = 1 << 16
_LOCALHOST = "127.0.0.1"
_LOOPBACK_4 = bytes([127])
_LOOPBACK_6 = bytes(15) + bytes([1])
_SERVERS = (MAIN, COMMUNICATION, REPLICATION)
_NAMES = {MAIN: "MAIN", COMMUNICATION: "COMMUNICATION", REPLICATION: "REPLICATION"}


def problems(settings: SettingsFields) -> Iterator[str]:
    """Yield what is wrong with these settings, the plainest first; nothing if they are valid."""
    yield from _choices(settings)
    yield from _ranges(settings)
    yield from _times(settings)
    yield from _folder(settings)
    yield from _addresses(settings)
    yield from _ports_used_twice(settings)


def _choices(settings: SettingsFields) -> Iterator[str]:
    for name, allowed in _CHOICES.items():
        if getattr(settings, name) not in allowed:
            yield f"{name.upper()} must be one of {', '.join(allowed)}"


def _ranges(settings: SettingsFields) -> Iterator[str]:
    for field in fields(settings):
        name, value = field.name, getattr(settings, field.name)
        first = 0 if name.endswith("_metrics_port") else 1
        if name.endswith("_port") and not first <= value <= LAST_PORT:
            off = "" if first else ", or 0 for none"
            yield f"{name.upper()} must be a port from 1 to {LAST_PORT}{off}"
        if name.endswith("_s") and not 0 < value <= _LONGEST_S:
            yield f"{name.upper()} must be a number of seconds above 0"
        counts = name.startswith(("max_", "keep_", "snapshot_")) and not name.endswith("_s")
        if counts and value < 1:
            yield f"{name.upper()} must be 1 or more"
        if name.endswith("_host") and isinstance(value, str):
            yield from _host(name, value)
    if settings.max_message_bytes < _LEAST_MESSAGE:
        yield f"MAX_MESSAGE_BYTES must be {_LEAST_MESSAGE} or more"
    if settings.max_log_bytes < _LEAST_LOG:
        yield f"MAX_LOG_BYTES must be {_LEAST_LOG} or more"


def _host(name: str, value: str) -> Iterator[str]:
    if not value and name != "public_host":
        yield f"{name.upper()} must name a host"
    if re.search(r"[\[\]:/\s]", value) and packed(value) is None:
        yield f"{name.upper()} must be a name or an address, without port and brackets, not {value}"


def _times(settings: SettingsFields) -> Iterator[str]:
    if settings.hang_s <= settings.heartbeat_s:
        yield "HANG_S must be longer than HEARTBEAT_S"
    if settings.hang_s <= settings.heartbeat_s + settings.append_timeout_s:
        yield "HANG_S must be longer than HEARTBEAT_S and APPEND_TIMEOUT_S together"
    if settings.away_s <= settings.max_wait_s:
        yield "AWAY_S must be longer than MAX_WAIT_S"
    if settings.name_grace_s <= settings.max_wait_s:
        yield "NAME_GRACE_S must be longer than MAX_WAIT_S"


def _folder(settings: SettingsFields) -> Iterator[str]:
    variable = re.match(r"\$\{?\w+\}?", settings.data_folder)
    if variable:
        yield f"DATA_FOLDER begins with {variable[0]}, which is not replaced: write it out, or begin with ~"
    if "\0" in settings.data_folder:
        yield "DATA_FOLDER must be the name of a folder"


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


def _addresses(settings: SettingsFields) -> Iterator[str]:
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


def _peer_addresses(settings: SettingsFields) -> Iterator[str]:
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


def _ports_used_twice(settings: SettingsFields) -> Iterator[str]:
    for one, other in itertools.combinations(_ports(settings), 2):
        if (
            one.number == other.number
            and _may_be_one_machine(one.machine, other.machine)
            and _overlap(one.bind, other.bind)
        ):
            yield f"{one.setting} and {other.setting} are both {one.number}: each needs a port of its own"


def _ports(settings: SettingsFields) -> Iterator[_Port]:
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
