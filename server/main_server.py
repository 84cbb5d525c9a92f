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
from server.replication.replica_connection import ReplicaConnection
from wire import MAIN, REPLICATION


def build(process: ServerProcess) -> None:
    """Answer heartbeats, and wait until clients can be served."""
    settings = process.settings
    replica = ReplicaConnection(
        settings.peer_address_of(REPLICATION),
        process.key,
        timeout_s=settings.append_timeout_s,
        machine=process.machine,
        on_wrong_machine=process.give_up,
    )
    peer = MainPeerApi(process)
    process.serve_peers(peer)
    process.metrics.include(peer.readings)
    process.supervise([REPLICATION])
    clients = process.open_to_clients()  # clients that connect before the takeover wait; they need not reconnect
    candidate = Candidate(process, clients, replica, peer)
    process.in_background("takeover", candidate.run)
    candidate.serves.wait()


def main() -> NoReturn:
    """Run the main server in this process."""
    entry_point.main(MAIN, build, "precis_i18n")


if __name__ == "__main__":
    main()
