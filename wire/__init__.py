"""What both sides of a call share: addresses, errors, checks of arguments, authentication, and the RPC itself.

``rpc`` is the only package that imports Pyro4; another RPC library is a change to it alone. ``authentication`` proves
the cluster's key between servers. ``connection_limits`` bounds what callers can hold. Start reading in ``errors`` and
``arguments``.
"""

PROTOCOL_VERSION = 2
"""Raised when an old client could no longer understand a new server; said at every handshake."""

PEER_PROTOCOL = 3
"""The same for what servers say to one another; said, and proven, at every handshake on a peer port. Up to 2 messages
were signed with the cluster's key alone."""

MAIN = "main_server"
COMMUNICATION = "communication_server"
REPLICATION = "replication_server"
NAME_SERVER = "name_server"

PEER = "peer"
"""The object on every server's peer port: what servers say to one another."""


def room_object(room_id: str) -> str:
    """The name of a room's remote object on the main server; stable over takeovers."""
    return f"room.{room_id}"
