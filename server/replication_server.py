"""The replication server: the copy of the log, and the one who starts the others again when they die.

Run it as ``python server/replication_server.py`` from the project's root; see ``docs/architecture.md``.
"""

from __future__ import annotations

from server import readings, script
from server.common_objects import ClientObject
from server.compaction import Compactor
from server.copy_keeper import CopyKeeper
from server.faults import Faults
from server.journal_file import open_journal
from server.node import Node
from server.streams import Streams
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION


def build(its_node: Node) -> None:
    """Offer the copy, and watch the others."""
    settings = its_node.settings
    journal = open_journal(settings.data / "replication" / "journal.db", durability=settings.durability)
    compactor = Compactor(
        journal,
        Streams(settings.limits),
        every=settings.snapshot_every,
        keep_events=settings.keep_events,
        upto=lambda: journal.last.position,
    )
    its_node.retries["snapshots"] = compactor.retries
    copy = CopyKeeper(its_node, journal, compactor, Faults(settings.test_faults))
    its_node.serve_peers(copy)
    its_node.metrics.include(lambda: readings.of_replication(copy))
    its_node.in_background("compaction", lambda: compactor.run(its_node.go_on, its_node.pause))
    its_node.open_to_clients().offer(REPLICATION, ClientObject(REPLICATION))
    its_node.watch([MAIN, COMMUNICATION, NAME_SERVER])


if __name__ == "__main__":
    script.main(REPLICATION, build)
