"""The main server: rooms, names and the log.

Run it as ``python server/main_server.py`` from the project's root. It waits until it knows all that was ever
acknowledged, takes office, and serves the rooms; see ``docs/architecture.md``.
"""

from __future__ import annotations

from server import readings, script
from server.journal_file import open_journal
from server.log_guard import LogGuard
from server.main_peer import MainPeer
from server.node import Node
from server.office import take_office
from server.replica_line import ReplicaLine
from server.retries import Retries
from server.term import Term
from wire import MAIN, REPLICATION


def build(its_node: Node) -> None:
    """Answer heartbeats, wait for the office, and begin the term."""
    settings = its_node.settings
    guard = LogGuard.in_file(settings.data / "main.guard")
    journal = open_journal(settings.data / "main" / "journal.db", durability=settings.durability, guard=guard)
    line = ReplicaLine(settings.peer_address_of(REPLICATION), its_node.key, timeout_s=settings.append_timeout_s)
    peer = MainPeer(its_node)
    its_node.serve_peers(peer)
    its_node.metrics.include(lambda: readings.of_main(peer.term))
    its_node.watch([REPLICATION])
    clients = its_node.open_to_clients()  # whoever comes before there is an office waits, and need not come again
    attempts = its_node.retries["office"] = Retries("office not taken")
    office = line.hold(
        take_office(
            journal,
            wait_limit_s=settings.recovery_wait_s,
            piece_bytes=settings.piece_bytes,
            go_on=its_node.go_on,
            attempts=attempts,
        )
    )
    if office is not None:
        term = Term(its_node, clients, journal, office, line)
        term.begin()
        peer.in_office(term)


if __name__ == "__main__":
    script.main(MAIN, build)
