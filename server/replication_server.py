"""The replication server: keeps the replica of the log, and starts the other servers again when they die.

Run it as ``python server/replication_server.py`` from the project's root; see ``docs/architecture.md``.
"""

from __future__ import annotations

from typing import NoReturn

from server.log.journal.compaction import Compactor
from server.log.journal.file import open_when_possible
from server.log.journal.journal import Journal
from server.log.journal.pair import journal_of
from server.log.streams import Streams
from server.process import entry_point
from server.process.base_api import ClientApi
from server.process.server_journal import open_journal_of
from server.process.server_process import ServerProcess
from server.replication.replica_service import ReplicaService, UnopenedCopy
from server.replication.scrub import begin_scrub
from server.runtime.failpoints import Failpoints
from server.runtime.retries import Retries
from wire import COMMUNICATION, MAIN, NAME_SERVER, PEER, REPLICATION
from wire.errors import StorageFailed


def build(process: ServerProcess) -> None:
    """Serve the replica and supervise the other servers. Supervise also while the disk refuses to open the replica."""
    opening = process.retries["journal"] = Retries("journal not opened")
    try:
        process.serve_peers(_copy(process, open_journal_of(process)))
    except StorageFailed as error:
        opening.failed(error)
        process.serve_peers(UnopenedCopy(process, opening))
        _supervise_others(process)
        journal = open_when_possible(
            lambda: open_journal_of(process), opening, go_on=process.go_on, pause=process.pause
        )
        if journal is not None:
            process.peers.offer(PEER, _copy(process, journal))
    else:
        _supervise_others(process)


def _copy(process: ServerProcess, journal: Journal) -> ReplicaService:
    settings = process.settings
    compactor = Compactor(
        journal,
        Streams(settings.limits),
        every=settings.snapshot_every,
        keep_events=settings.keep_events,
        upto=lambda: journal.last.position,
    )
    process.retries["snapshots"] = compactor.retries
    copy = ReplicaService(process, journal, compactor, Failpoints(settings.test_faults))
    process.metrics.include(copy.readings)
    copy.scrub = begin_scrub(process, journal, journal_of(settings, REPLICATION))
    process.in_background("compaction", lambda: compactor.run(process.go_on, process.pause))
    process.open_to_clients().offer(REPLICATION, ClientApi(REPLICATION, process.cluster_id))
    return copy


def _supervise_others(process: ServerProcess) -> None:
    process.supervise([MAIN, COMMUNICATION, NAME_SERVER])


def main() -> NoReturn:
    """Run the replication server in this process."""
    entry_point.main(REPLICATION, build)


if __name__ == "__main__":
    main()
