"""Code that both ends of a call share: addresses, errors, argument checks, authentication and RPC.

Only ``rpc`` imports Pyro4, so another RPC library changes that package alone. ``authentication`` proves the cluster's
key between servers. ``connection_limits`` bounds the number of connections. Start reading in ``errors`` and
``arguments``.
"""

PROTOCOL_VERSION = 2
"""Version of the client protocol, sent in every handshake. Raise it when an old client can no longer understand a new
server."""

PEER_PROTOCOL = 3
"""Version of the protocol between servers. Every handshake on a peer port sends and authenticates it. Up to version 2,
servers signed messages with the cluster's key alone."""

MAIN = "main_server"
COMMUNICATION = "communication_server"
REPLICATION = "replication_server"
NAME_SERVER = "name_server"

PEER = "peer"
"""Name of the remote object on every server's peer port. Servers call one another through it."""


_ROOM = "room."


def room_object(room_id: str) -> str:
    """Return the name of a room's remote object on the main server. The name stays the same after a takeover."""
    return f"{_ROOM}{room_id}"


def room_of_object(name: str) -> str:
    """Return the id of the room with that remote object; empty if it is not the name of one."""
    return name.removeprefix(_ROOM) if name.startswith(_ROOM) else ""
