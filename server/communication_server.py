"""The communication server: the front door.

Run it as ``python server/communication_server.py`` from the project's root. It stores nothing that the log does not
have; see ``docs/architecture.md``.
"""

from __future__ import annotations

from server.communication.front_door import FrontDoor
from server.communication.house_bot_process import HouseBotProcess
from server.communication.lobby_follower import LobbyFollower
from server.process import entry_point
from server.process.base_api import PeerApi
from server.process.server_process import ServerProcess
from server.rooms.ids import HOUSE_BOT
from server.runtime.security import peer_key
from server.supervision.status import CachedStatus, StatusReader
from wire import COMMUNICATION, MAIN, PEER, REPLICATION
from wire.arguments import remote
from wire.rpc import Proxy, ProxyPool

CONNECTIONS_TO_MAIN = 16


class CommunicationPeer(PeerApi):
    """The communication server's remote methods for the other servers."""

    def __init__(self, its_node: ServerProcess, copy: LobbyFollower) -> None:
        super().__init__(its_node)
        self._copy = copy

    def prove(self) -> bool:
        """Return once no reader or writer holds the lock of the lobby."""
        with self._copy.lock:
            return self._copy.complete

    @remote()
    def bot_matches(self) -> list[str]:
        """Return the rooms of the house bot's running matches."""
        return self._copy.matches_of(HOUSE_BOT)

    def more_status(self) -> dict[str, object]:
        return {"rooms": len(self._copy.lobby.rows), "position": self._copy.lobby.revision}


def build(its_node: ServerProcess) -> None:
    """Start the front door, and follow the main server's lobby and game archive."""
    copy = LobbyFollower()
    its_node.serve_peers(CommunicationPeer(its_node, copy))
    main = its_node.settings.peer_address_of(MAIN)
    key_of_main = peer_key(its_node.key, MAIN)
    follower = Proxy(main, PEER, key=key_of_main)
    its_node.retries["lobby"] = copy.retries
    its_node.in_background("lobby", lambda: copy.follow(follower, its_node.go_on, its_node.pause))
    pool = ProxyPool(main, PEER, key=key_of_main, most=CONNECTIONS_TO_MAIN)
    glance = CachedStatus(StatusReader(its_node.settings, its_node.run_folder, its_node.key))
    front_door = FrontDoor(copy, pool, glance, its_node.settings, its_node.key)
    its_node.retries |= {"book": front_door.archive.retries, "matches": front_door.matchmaker.retries}
    reader = Proxy(main, PEER, key=key_of_main)
    its_node.in_background("book", lambda: front_door.archive.follow(reader, its_node.go_on, its_node.pause))
    its_node.in_background("matches", lambda: front_door.matchmaker.run(its_node.go_on, its_node.pause))
    its_node.open_to_clients().offer(COMMUNICATION, front_door)
    keeper = HouseBotProcess(its_node.settings, lambda: copy.matches_of(HOUSE_BOT))
    its_node.in_background("house bot", lambda: keeper.run(its_node.go_on, its_node.pause))
    its_node.at_end(keeper.end)
    its_node.metrics.include(front_door.readings)
    its_node.watch([REPLICATION])


if __name__ == "__main__":
    entry_point.main(COMMUNICATION, build, "openskill.models")
