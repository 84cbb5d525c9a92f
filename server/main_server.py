"""The main server: rooms, names and the log.

Run it as ``python server/main_server.py`` from the project's root. It waits until it has every acknowledged entry,
becomes the primary, and serves the rooms; see ``docs/architecture.md``.
"""

from __future__ import annotations

from server.main.candidate import Candidate
from server.main.peer_api import MainPeerApi
from server.process import entry_point
from server.process.server_process import ServerProcess
from server.replication.replica_connection import ReplicaConnection
from wire import MAIN, REPLICATION


def build(its_node: ServerProcess) -> None:
    """Answer heartbeats, and wait until clients can be served."""
    settings = its_node.settings
    line = ReplicaConnection(
        settings.peer_address_of(REPLICATION),
        its_node.key,
        timeout_s=settings.append_timeout_s,
        machine=its_node.machine,
        on_wrong_machine=its_node.cannot_serve,
    )
    peer = MainPeerApi(its_node)
    its_node.serve_peers(peer)
    its_node.metrics.include(peer.readings)
    its_node.watch([REPLICATION])
    clients = its_node.open_to_clients()  # clients that connect before the takeover wait; they need not reconnect
    candidate = Candidate(its_node, clients, line, peer)
    its_node.in_background("office", candidate.run)
    candidate.serves.wait()


if __name__ == "__main__":
    entry_point.main(MAIN, build, "precis_i18n")
