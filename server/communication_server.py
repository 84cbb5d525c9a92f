"""The communication server: the front door.

Run it as ``python server/communication_server.py`` from the project's root. It stores nothing that the log does not
have; see ``docs/architecture.md``.
"""

from __future__ import annotations

from typing import NoReturn

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

    def __init__(self, process: ServerProcess, copy: LobbyFollower) -> None:
        super().__init__(process)
        self._copy = copy

    def probe(self) -> bool:
        """Return once no reader or writer holds the lock of the lobby."""
        with self._copy.lock:
            return self._copy.complete

    @remote()
    def bot_matches(self) -> list[str]:
        """Return the rooms of the house bot's running matches."""
        return self._copy.matches_of(HOUSE_BOT)

    def more_status(self) -> dict[str, object]:
        return {"rooms": len(self._copy.lobby.rows), "position": self._copy.lobby.revision}


def build(process: ServerProcess) -> None:
    """Start the front door, and follow the main server's lobby and game archive."""
    copy = LobbyFollower()
    process.serve_peers(CommunicationPeer(process, copy))
    main = process.settings.peer_address_of(MAIN)
    key_of_main = peer_key(process.key, MAIN)
    follower = Proxy(main, PEER, key=key_of_main)
    process.retries["lobby"] = copy.retries
    process.in_background("lobby", lambda: copy.follow(follower, process.go_on, process.pause))
    pool = ProxyPool(main, PEER, key=key_of_main, most=CONNECTIONS_TO_MAIN)
    status = CachedStatus(StatusReader(process.settings, process.run_directory, process.key))
    front_door = FrontDoor(copy, pool, status, process.settings, process.key)
    process.retries |= {"book": front_door.archive.retries, "matches": front_door.matchmaker.retries}
    reader = Proxy(main, PEER, key=key_of_main)
    process.in_background("game archive", lambda: front_door.archive.follow(reader, process.go_on, process.pause))
    process.in_background("matches", lambda: front_door.matchmaker.run(process.go_on, process.pause))
    process.open_to_clients().offer(COMMUNICATION, front_door)
    keeper = HouseBotProcess(process.settings, lambda: copy.matches_of(HOUSE_BOT))
    process.in_background("house bot", lambda: keeper.run(process.go_on, process.pause))
    process.at_end(keeper.end)
    process.metrics.include(front_door.readings)
    process.supervise([REPLICATION])


def main() -> NoReturn:
    """Run the communication server in this process."""
    entry_point.main(COMMUNICATION, build, "openskill.models")


if __name__ == "__main__":
    main()
