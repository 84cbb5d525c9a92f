"""The name server: looking up, registering.

An entry says which cluster has made it, in the name server's own metadata, so that a cluster knows its own again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import Pyro4
import Pyro4.errors
import Pyro4.naming

from wire.addresses import Address
from wire.errors import NoSuchName, TicTacToeError, Unreachable
from wire.rpc.proxy import Proxy

_CLUSTER = "tictactoe-cluster:"
"""What a cluster's id stands behind in the metadata of an entry."""
_NOWHERE = Address("", 0)


class Registered(NamedTuple):
    """What a name server has under a name: where that is, and the id of the cluster; empty if it was not given."""

    address: Address
    cluster: str = ""


@contextlib.contextmanager
def _name_server(address: Address, timeout_s: float) -> Iterator[Proxy]:
    # The stock name server accepts serpent only.
    remote = Proxy(address, "Pyro.NameServer", serializer="serpent")
    try:
        remote.call("ping", timeout_s=timeout_s)
        yield remote
    finally:
        remote.close()


def look_up(name_server: Address, name: str, *, timeout_s: float) -> Registered:
    """What the name server has under ``name``. Raises Unreachable when it does not answer, NoSuchName when it does
    not have it.
    """
    with _name_server(name_server, timeout_s) as remote:
        try:
            uri, metadata = remote.call("lookup", name, True, timeout_s=timeout_s)
        except Pyro4.errors.NamingError:
            raise NoSuchName(f"the name server at {name_server} does not know {name} (yet)") from None
        found = _entry(uri, metadata)
        if found.address == _NOWHERE:
            raise Unreachable(f"the name server at {name_server} has no address for {name}")
        return found


def entries(name_server: Address, names: Iterable[str], *, timeout_s: float) -> Mapping[str, Registered]:
    """What the name server has under these names; one that cannot be read is an entry that leads nowhere.

    Raises Unreachable.
    """
    wanted = f"^({'|'.join(re.escape(name) for name in names)})$"
    with _name_server(name_server, timeout_s) as remote:
        found = remote.call("list", None, wanted, None, None, True, timeout_s=timeout_s)
    return {str(name): _entry(uri, metadata) for name, (uri, metadata) in found.items()}


def register(
    name_server: Address, name: str, entry: Registered, *, instead_of: Registered | None = None, timeout_s: float
) -> bool:
    """Write an entry where there is none, or instead of one; whether that was done: never over anybody else's.

    Raises Unreachable.
    """
    uri = f"PYRO:{name}@{entry.address}"
    is_there = instead_of is not None and instead_of.address == entry.address
    with _name_server(name_server, timeout_s) as remote:
        if instead_of is not None and not is_there:
            _remove(remote, name, instead_of, timeout_s)
        try:
            remote.call("register", name, uri, not is_there, [_CLUSTER + entry.cluster], timeout_s=timeout_s)
        except Pyro4.errors.NamingError:
            return False  # somebody else was there first
        return True


def remove(name_server: Address, name: str, entry: Registered, *, timeout_s: float) -> None:
    """Remove an entry, if it still is as given. Raises Unreachable."""
    with _name_server(name_server, timeout_s) as remote:
        _remove(remote, name, entry, timeout_s)


def _remove(remote: Proxy, name: str, entry: Registered, timeout_s: float) -> None:
    with contextlib.suppress(Pyro4.errors.NamingError):
        if _entry(*remote.call("lookup", name, True, timeout_s=timeout_s)) == entry:
            remote.call("remove", name, timeout_s=timeout_s)


def _entry(uri: object, metadata: object) -> Registered:
    """An entry as it stands in the name server, where anybody may write anything."""
    try:
        read = uri if isinstance(uri, Pyro4.URI) else Pyro4.URI(uri)
        address = Address(str(read.host), int(read.port)) if read.host and read.port else _NOWHERE
    except (Pyro4.errors.PyroError, TypeError, ValueError):
        address = _NOWHERE
    said = metadata if isinstance(metadata, (list, tuple, set, frozenset)) else ()
    ids = [text.removeprefix(_CLUSTER) for text in said if isinstance(text, str) and text.startswith(_CLUSTER)]
    return Registered(address, ids[0] if ids else "")


def name_server_answers(address: Address, *, timeout_s: float) -> bool:
    """Whether a name server answers there."""
    try:
        with _name_server(address, timeout_s):
            return True
    except TicTacToeError:
        return False
