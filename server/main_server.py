"""The main server: rooms, names and the log.

Run it as ``python server/main_server.py`` from the project's root. It waits until it has every acknowledged entry,
becomes the primary, and serves the rooms; see ``docs/architecture.md``.
"""

from __future__ import annotations

from typing import NoReturn

from server.main.candidate import Candidate
from server.main.peer_api import MainPeerApi
from server.process import entry_point
from server.process.server_process import ServerProcess
from server.replication.link.place import LinkPlace
from server.replication.link.replica_link import ReplicaLink
from server.runtime.event_loop import LoopHost
from server.runtime.security import link_key, peer_key
from wire import MAIN, PEER, REPLICATION
from wire.rpc import Proxy


def build(process: ServerProcess) -> None:
    """Answer heartbeats, and begin the way to the takeover."""
    settings = process.settings
    replica = Proxy(settings.peer_address_of(REPLICATION), PEER, key=peer_key(process.key, REPLICATION))

    def check_machine() -> None:
        replica.call("check_machine", process.machine, timeout_s=settings.append_timeout_s)

    link = ReplicaLink(
        process.loop.loop,
        LinkPlace(settings.data / "run"),
        link_key(process.key),
        timeout_s=settings.append_timeout_s,
        machine=process.machine,
        ask_peer_port=lambda: process.loop.in_thread(check_machine),
        on_wrong_machine=process.give_up,
    )
    process.host = LoopHost(process.loop, link.call)
    peer = MainPeerApi(process)
    process.serve_peers(peer)
    process.measure(peer.readings)
    process.supervise([REPLICATION])
    Candidate(process, peer).begin()


def main() -> NoReturn:
    """Run the main server in this process."""
    entry_point.main(MAIN, build)


if __name__ == "__main__":
    main()
