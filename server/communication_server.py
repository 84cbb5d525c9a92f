"""The communication server: the front door.

Run it as ``python server/communication_server.py`` from the project's root. It stores nothing that the log does not
have; see ``docs/architecture.md``.
"""

from __future__ import annotations

from typing import NoReturn

from server.communication.following import FollowerConnection
from server.communication.front_door import FrontDoor
from server.communication.house_bot_process import HouseBotProcess
from server.communication.lobby_follower import LobbyFollower
from server.communication.main_connections import MainConnections
from server.process import entry_point
from server.process.base_api import PeerApi
from server.process.server_process import ServerProcess
from server.rooms.ids import HOUSE_BOT
from server.runtime.effects import Effects, no_effects
from server.runtime.event_loop import LoopHost, calls_in_threads
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

    def probe(self) -> Effects[bool]:
        """Return whether the copy of the lobby is complete."""
        yield from no_effects()
        return self._copy.complete

    @remote()
    def bot_matches(self) -> list[str]:
        """Return the rooms of the house bot's running matches."""
        return self._copy.matches_of(HOUSE_BOT)

    def more_status(self) -> dict[str, object]:
        return {"rooms": len(self._copy.lobby.rows), "position": self._copy.lobby.revision}


def build(process: ServerProcess) -> None:
    """Start the front door, and follow the main server's lobby and game archive."""
    loop = process.loop
    process.host = _host_of_clients(process)
    copy = LobbyFollower(loop)
    process.serve_peers(CommunicationPeer(process, copy))
    status = CachedStatus(StatusReader(process.settings, process.run_directory, process.key), loop.in_thread)
    front_door = FrontDoor(copy, status, process.settings, process.key, loop)
    archive, matchmaker = front_door.archive, front_door.matchmaker
    process.retries |= {"lobby": copy.retries, "book": archive.retries, "matches": matchmaker.retries}
    process.begin("lobby", copy.follow(), _host_of_follower(process, "lobby"))
    process.begin("game archive", archive.follow(), _host_of_follower(process, "game archive"))
    process.begin("matches", matchmaker.run())
    house_bot = HouseBotProcess(process.settings, lambda: copy.matches_of(HOUSE_BOT))
    process.begin("house bot", house_bot.run())
    process.at_end(house_bot.end)
    process.measure(front_door.readings)
    process.clients.offer(COMMUNICATION, front_door)
    process.serve_clients()
    process.supervise([REPLICATION])


def _host_of_clients(process: ServerProcess) -> LoopHost:
    """Return the host of procedures that call the main server for clients."""
    settings = process.settings
    pool = ProxyPool(settings.peer_address_of(MAIN), PEER, key=peer_key(process.key, MAIN), most=CONNECTIONS_TO_MAIN)
    timeout_s = settings.hang_s * 2
    main = MainConnections(pool, timeout_s)
    call = calls_in_threads(process.loop, main.call, threads=CONNECTIONS_TO_MAIN, name="main server", queue_s=timeout_s)
    return LoopHost(process.loop, call)


def _host_of_follower(process: ServerProcess, name: str) -> LoopHost:
    """Return the host of a follower of the main server. Its calls wait for news in a thread of its own."""
    main = Proxy(process.settings.peer_address_of(MAIN), PEER, key=peer_key(process.key, MAIN))
    call = calls_in_threads(process.loop, FollowerConnection(main).call, threads=1, name=name)
    return LoopHost(process.loop, call)


def main() -> NoReturn:
    """Run the communication server in this process."""
    entry_point.main(COMMUNICATION, build)


if __name__ == "__main__":
    main()
