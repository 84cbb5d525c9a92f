"""Explain why there is no cluster at a given address, and whether a retry helps.

Used only while a connection has never succeeded. Later a failure means that servers are being replaced.
"""

from __future__ import annotations

from collections.abc import Mapping

from game.errors import NoSuchRoom
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.errors import (
    Forbidden,
    NoSuchName,
    ProtocolMismatch,
    TicTacToeError,
    UnknownHost,
    Unreachable,
    WrongAddress,
)
from wire.probe import Found, probe
from wire.rpc import Address, Proxy

PROBE_S = 0.5
_ROLES = (MAIN, COMMUNICATION, REPLICATION)
_HELP = "give host:port of the name server; its port is usually 1337"
_TEMPORARY: Mapping[Found, str] = {
    "nothing": "nothing listens there",
    "no host": "its host does not answer",
    "unresolved": "the name of its host cannot be resolved now",
    "silent": "something accepts connections there and does not answer",
    "closes": "something closes every connection there",
}
"""Findings that may be a name server during its replacement."""
_PERMANENT: Mapping[Found, str] = {"web": "a web server answers there", "other": "another program answers there"}


def explained(address: Address, error: TicTacToeError) -> TicTacToeError:
    """Return the error of a look-up at a name server, with what was found at that address.

    WrongAddress if a retry cannot help, otherwise Unreachable.
    """
    if isinstance(error, UnknownHost):
        return WrongAddress(f"no cluster answers at {address}: there is no host of that name; {_HELP}")
    if isinstance(error, NoSuchName):
        return Unreachable(f"no cluster answers at {address}: the name server there has no entry for one")
    if isinstance(error, Forbidden):
        return _wrong(address, "this port is only for calls between the servers of a cluster")
    if isinstance(error, (NoSuchRoom, ProtocolMismatch)):
        return _wrong(address, _role_at(address))
    if not isinstance(error, Unreachable):
        return error
    found = probe(address, timeout_s=PROBE_S)
    if found in _PERMANENT:
        return _wrong(address, _PERMANENT[found])
    return Unreachable(f"no cluster answers at {address}: {_TEMPORARY[found]}")


def _wrong(address: Address, why: str) -> WrongAddress:
    return WrongAddress(f"{address} is not the address of a name server: {why}; {_HELP}")


def _role_at(address: Address) -> str:
    """Return which server answers there, as a clause for an error text."""
    for role in _ROLES:
        remote = Proxy(address, role)
        try:
            remote.call("describe", timeout_s=PROBE_S)
        except ProtocolMismatch:
            return "a server of a cluster of another version answers there"
        except TicTacToeError:
            continue
        else:
            return f"the {role.replace('_', ' ')} of a cluster answers there"
        finally:
            remote.close()
    return "another Pyro server answers there"
