"""The RPC layer: the only package that imports Pyro4.

- ``proxy`` calls a remote object.
- ``endpoint`` offers objects. On an event loop, ``acceptor`` accepts the clients, ``open_connections`` keeps their
  ``connection``, ``greeter`` answers handshakes and ``dispatcher`` calls. The replica link uses the first three, too.
- ``name_server`` looks up and registers names.
- ``pyro_setup`` configures and restricts the library before anything else uses it.

The names below and ``endpoint.Endpoint`` are the whole interface of this package. A program that only calls does not
import ``endpoint``, and so not ``asyncio``, which takes 20 ms. Retries do not belong here: they carry a request id, so
they belong to the caller. The meaning of the remote objects does not belong here either.

The package accepts two serializers: ``serpent`` from any client, ``msgpack`` from our own client and servers. Neither
can carry code.
"""

from wire.addresses import Address
from wire.rpc.pyro_setup import configure  # first: it configures the library

from wire.rpc.proxy import Proxy, ProxyPool  # isort: skip
from wire.rpc.name_server import NameServerWatch, Registered, entries, look_up, name_server_answers, register, remove  # isort: skip

__all__ = [
    "Address",
    "NameServerWatch",
    "Proxy",
    "ProxyPool",
    "Registered",
    "configure",
    "entries",
    "look_up",
    "name_server_answers",
    "register",
    "remove",
]
