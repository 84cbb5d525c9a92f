"""The replication server: keeps the replica of the log, and starts the other servers again when they die.

Run it as ``python server/replication_server.py`` from the project's root; see ``docs/architecture.md``.
"""

from __future__ import annotations

from server.log.journal.compaction import Compactor
from server.log.journal.file import open_when_possible
from server.log.journal.journal import Journal
from server.log.journal.pair import journal_of
from server.log.streams import Streams
from server.process import entry_point
from server.process.base_api import ClientApi
from server.process.server_journal import open_journal_of
from server.process.server_process import ServerProcess
from server.replication.replica_service import NoCopyYet, ReplicaService
from server.replication.scrub import begin_scrub
from server.runtime.failpoints import Failpoints
from server.runtime.retries import Retries
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.errors import StorageFailed


def build(its_node: ServerProcess) -> None:
    """Serve the replica and supervise the other servers. Supervise also while the disk refuses to open the replica."""
    opening = its_node.retries["journal"] = Retries("the journal cannot be opened")
    try:
        its_node.serve_peers(_copy(its_node, open_journal_of(its_node)))
    except StorageFailed as error:
        opening.failed(error)
        its_node.serve_peers(NoCopyYet(its_node, opening))
        _watch(its_node)
        journal = open_when_possible(
            lambda: open_journal_of(its_node), opening, go_on=its_node.go_on, pause=its_node.pause
        )
        if journal is not None:
            its_node.offer_to_peers(_copy(its_node, journal))
    else:
        _watch(its_node)


def _copy(its_node: ServerProcess, journal: Journal) -> ReplicaService:
    settings = its_node.settings
    compactor = Compactor(
        journal,
        Streams(settings.limits),
        every=settings.snapshot_every,
        keep_events=settings.keep_events,
        upto=lambda: journal.last.position,
    )
    its_node.retries["snapshots"] = compactor.retries
    copy = ReplicaService(its_node, journal, compactor, Failpoints(settings.test_faults))
    its_node.metrics.include(copy.readings)
    copy.scrub = begin_scrub(its_node, journal, journal_of(settings, REPLICATION))
    its_node.in_background("compaction", lambda: compactor.run(its_node.go_on, its_node.pause))
    its_node.open_to_clients().offer(REPLICATION, ClientApi(REPLICATION, its_node.cluster_id))
    return copy


def _watch(its_node: ServerProcess) -> None:
    its_node.watch([MAIN, COMMUNICATION, NAME_SERVER])


if __name__ == "__main__":
    entry_point.main(REPLICATION, build)
