"""What client and server share to talk to one another: errors, argument checks and the RPC itself.

``rpc`` is the only module of the project that imports Pyro4; moving to another RPC library is a change to it alone.
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
