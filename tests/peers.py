"""Callers that have the cluster's key, as servers do."""

from __future__ import annotations

from server.control.cluster import ClusterControl
from server.runtime.security import cluster_key, peer_key
from wire import PEER
from wire.rpc import Proxy


def peer_of(cluster: ClusterControl, role: str, *, serializer: str = "msgpack") -> Proxy:
    """A connection to the peer port of a server."""
    key = peer_key(cluster_key(cluster.settings), role)
    return Proxy(cluster.settings.peer_address_of(role), PEER, key=key, serializer=serializer)
