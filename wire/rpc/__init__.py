"""The RPC itself: the one package that imports Pyro4.

Lives here: calling a remote object (``proxy``), offering objects (``endpoint``, whose calls ``daemon`` answers, on
connections that ``transport`` looks after with a few ``workers``) and the name server (``name_server``), on a library
that is set and trimmed first (``pyro_setup``). Everything that the rest of the project knows of
the RPC library is in the names below. What never lives here: retries (they carry a request id and so belong to the
caller) and what the objects mean.

Only ``serpent`` (anybody) and ``msgpack`` (our own client and servers) are accepted; no code can come over the wire.
"""

from wire.addresses import Address
from wire.rpc.pyro_setup import configure  # first: it sets the library

from wire.rpc.proxy import Proxy, ProxyPool  # isort: skip
from wire.rpc.endpoint import Endpoint  # isort: skip
from wire.rpc.name_server import Registered, entries, look_up, name_server_answers, register, remove  # isort: skip

__all__ = [
    "Address",
    "Endpoint",
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
