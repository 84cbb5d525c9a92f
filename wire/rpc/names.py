"""The name server: looking up, registering."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import Pyro4
import Pyro4.errors
import Pyro4.naming

from wire.errors import NoSuchName, TicTacToeError, Unreachable
from wire.rpc.calls import Address, Remote


@contextlib.contextmanager
def _name_server(address: Address, timeout_s: float) -> Iterator[Remote]:
    # The stock name server accepts serpent only.
    remote = Remote(address, "Pyro.NameServer", serializer="serpent")
    try:
        remote.call("ping", timeout_s=timeout_s)
        yield remote
    finally:
        remote.close()


def look_up(name_server: Address, name: str, *, timeout_s: float) -> Address:
    """Where the name server says that ``name`` is. Raises Unreachable when it does not answer, NoSuchName when it does
    not have it.
    """
    with _name_server(name_server, timeout_s) as remote:
        try:
            uri = remote.call("lookup", name, timeout_s=timeout_s)
        except Pyro4.errors.NamingError:
            raise NoSuchName(f"the name server at {name_server} does not know {name} (yet)") from None
        if not isinstance(uri, Pyro4.URI) or not uri.host or not uri.port:  # anybody may write anything there
            raise Unreachable(f"the name server at {name_server} has no address for {name}")
        return Address(str(uri.host), int(uri.port))


def register(name_server: Address, name: str, where: Address, *, timeout_s: float) -> bool:
    """See to it that the name server has ``name`` at ``where``; true if it had to be written. Raises Unreachable."""
    wanted = Pyro4.URI(f"PYRO:{name}@{where.host}:{where.port}")
    with _name_server(name_server, timeout_s) as remote:
        with contextlib.suppress(Pyro4.errors.NamingError):
            if remote.call("lookup", name, timeout_s=timeout_s) == wanted:
                return False
        remote.call("register", name, wanted, False, timeout_s=timeout_s)
        return True


def name_server_answers(address: Address, *, timeout_s: float) -> bool:
    """Whether a name server answers there."""
    try:
        with _name_server(address, timeout_s):
            return True
    except TicTacToeError:
        return False
