"""The communication server: the front door.

Run it as ``python server/communication_server.py`` from the project's root. It keeps nothing that the
log does not have; see ``docs/architecture.md``.
"""

from __future__ import annotations

from server import node, readings
from server.common_objects import PeerObject
from server.front_door import FrontDoor, LobbyCopy
from server.lookout import Glance, Lookout
from server.node import Node
from wire import COMMUNICATION, MAIN, PEER, REPLICATION
from wire.rpc import Remote, RemotePool

CONNECTIONS_TO_MAIN = 16


class CommunicationPeer(PeerObject):
    """What the communication server answers the others."""

    def __init__(self, its_node: Node, copy: LobbyCopy) -> None:
        super().__init__(its_node)
        self._copy = copy

    def prove(self) -> bool:
        """Whoever reads or fills the lobby comes to an end with it."""
        with self._copy.lock:
            return self._copy.complete

    def more_status(self) -> dict[str, object]:
        return {"rooms": len(self._copy.lobby.rows), "position": self._copy.lobby.revision}


def build(its_node: Node) -> None:
    """Open the front door, and follow the main server's lobby."""
    copy = LobbyCopy()
    its_node.serve_peers(CommunicationPeer(its_node, copy))
    main = its_node.settings.peer_address_of(MAIN)
    follower = Remote(main, PEER, key=its_node.key)
    its_node.in_background("lobby", lambda: copy.follow(follower, its_node.go_on, its_node.pause))
    pool = RemotePool(main, PEER, key=its_node.key, most=CONNECTIONS_TO_MAIN)
    glance = Glance(Lookout(its_node.settings, its_node.run_folder, its_node.key))
    front_door = FrontDoor(copy, pool, glance, its_node.settings)
    its_node.open_to_clients().offer(COMMUNICATION, front_door)
    its_node.metrics.include(lambda: readings.of_communication(copy, front_door))
    its_node.watch([REPLICATION])


if __name__ == "__main__":
    node.main(COMMUNICATION, build)
