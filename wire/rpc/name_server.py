"""The name server: look up, list, register and remove entries.

Each entry has the id of its cluster in the name server's metadata. By it a cluster recognizes its own entries.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import Pyro4
import Pyro4.errors

from wire.addresses import Address
from wire.errors import NoSuchName, TicTacToeError, Unreachable
from wire.rpc.proxy import Proxy

_CLUSTER = "tictactoe-cluster:"
"""The prefix of a cluster id in the metadata of an entry."""
_NOWHERE = Address("", 0)
"""The address of an entry that cannot be read."""


class Registered(NamedTuple):
    """An entry of a name server: an address and the id of the cluster. The id is empty if the entry has none."""

    address: Address
    cluster: str = ""


@contextlib.contextmanager
def _name_server(address: Address, timeout_s: float) -> Iterator[Proxy]:
    # Pyro4's own name server accepts serpent only.
    remote = Proxy(address, "Pyro.NameServer", serializer="serpent")
    try:
        remote.call("ping", timeout_s=timeout_s)
        yield remote
    finally:
        remote.close()


def look_up(name_server: Address, name: str, *, timeout_s: float) -> Registered:
    """Return the name server's entry for ``name``.

    Raises Unreachable when the name server does not answer, or the entry has no address. Raises NoSuchName when there
    is no entry.
    """
    found = entries(name_server, [name], timeout_s=timeout_s).get(name)
    if found is None:
        raise NoSuchName(f"the name server at {name_server} has no entry for {name} (yet)")
    if found.address == _NOWHERE:
        raise Unreachable(f"the name server at {name_server} has no address for {name}")
    return found


def entries(name_server: Address, names: Iterable[str], *, timeout_s: float) -> Mapping[str, Registered]:
    """Return the name server's entries for these names. An entry that cannot be read has an empty address.

    Raises Unreachable.
    """
    wanted = f"^({'|'.join(re.escape(name) for name in names)})$"
    with _name_server(name_server, timeout_s) as remote:
        found = remote.call("list", None, wanted, None, None, True, timeout_s=timeout_s)
    return {str(name): _entry(uri, metadata) for name, (uri, metadata) in found.items()}


def register(
    name_server: Address, name: str, entry: Registered, *, instead_of: Registered | None = None, timeout_s: float
) -> bool:
    """Write an entry if the name is free, or if ``instead_of`` is the present entry.

    Return whether the entry was written.

    Another entry is never overwritten. Raises Unreachable.
    """
    uri = f"PYRO:{name}@{entry.address}"
    is_there = instead_of is not None and instead_of.address == entry.address
    with _name_server(name_server, timeout_s) as remote:
        if instead_of is not None and not is_there:
            _remove(remote, name, instead_of, timeout_s)
        try:
            remote.call("register", name, uri, not is_there, [_CLUSTER + entry.cluster], timeout_s=timeout_s)
        except Pyro4.errors.NamingError:
            return False  # another server registered the name first
        return True


def remove(name_server: Address, name: str, entry: Registered, *, timeout_s: float) -> None:
    """Remove an entry if it is still equal to ``entry``. Raises Unreachable."""
    with _name_server(name_server, timeout_s) as remote:
        _remove(remote, name, entry, timeout_s)


def _remove(remote: Proxy, name: str, entry: Registered, timeout_s: float) -> None:
    with contextlib.suppress(Pyro4.errors.NamingError):
        if _entry(*remote.call("lookup", name, True, timeout_s=timeout_s)) == entry:
            remote.call("remove", name, timeout_s=timeout_s)


def _entry(uri: object, metadata: object) -> Registered:
    """Return an entry of the name server. Anyone can write there, so any value must be readable."""
    try:
        read = uri if isinstance(uri, Pyro4.URI) else Pyro4.URI(uri)
        address = Address(str(read.host), int(read.port)) if read.host and read.port else _NOWHERE
    except (Pyro4.errors.PyroError, TypeError, ValueError):
        address = _NOWHERE
    said = metadata if isinstance(metadata, (list, tuple, set, frozenset)) else ()
    ids = [text.removeprefix(_CLUSTER) for text in said if isinstance(text, str) and text.startswith(_CLUSTER)]
    return Registered(address, ids[0] if ids else "")


class NameServerWatch:
    """A connection to the name server on which nothing is sent: its end shows at once that the name server is gone."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection: socket.socket | None = None

    def wait(self, timeout_s: float, pause: Callable[[float], None]) -> None:
        """Return when the connection ends, and after ``timeout_s`` at the latest.

        Without a connection this opens one. If that fails, it pauses for ``timeout_s``.
        """
        try:
            if self._connection is None:
                self._connection = socket.create_connection(self._address, timeout_s)
            self._connection.settimeout(timeout_s)
            self._connection.recv(1)  # it sends nothing, so this is the end
            self.close()
        except TimeoutError:
            return
        except OSError:
            self.close()
            pause(timeout_s)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def name_server_answers(address: Address, *, timeout_s: float) -> bool:
    """Return whether a name server answers at this address."""
    try:
        with _name_server(address, timeout_s):
            return True
    except TicTacToeError:
        return False
