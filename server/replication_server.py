"""The replication server: keeps the replica of the log, and starts the other servers again when they die.

Run it as ``python server/replication_server.py`` from the project's root; see ``docs/architecture.md``.
"""

from __future__ import annotations

from typing import NoReturn

from server.log.journal.compaction import COMPACTION_PAUSE_S, Compactor
from server.log.journal.journal import Journal
from server.log.journal.pair import journal_of
from server.log.streams import Streams
from server.process import entry_point
from server.process.base_api import ClientApi, PeerApi
from server.process.server_journal import OPEN_AGAIN_S, open_journal_of
from server.process.server_process import ServerProcess
from server.replication.link.link_server import LinkServer
from server.replication.link.place import LinkPlace
from server.replication.replica_service import ReplicaService
from server.replication.scrub import begin_scrub
from server.replication.unopened_copy import UnopenedCopy
from server.runtime.effects import Effects, Sleep
from server.runtime.failpoints import Failpoints
from server.runtime.retries import Retries
from server.runtime.security import link_key
from wire import COMMUNICATION, MAIN, NAME_SERVER, PEER, REPLICATION
from wire.errors import StorageFailed

LISTEN_AGAIN_S = 0.5


def build(process: ServerProcess) -> None:
    """Serve the replica and supervise the other servers. Supervise also while the disk refuses to open the replica."""
    opening = process.retries["journal"] = Retries("journal not opened")
    try:
        serving: PeerApi = _copy(process, open_journal_of(process))
    except StorageFailed as error:
        opening.failed(error)
        serving = UnopenedCopy(process, opening)
    link = LinkServer(
        process.loop.loop,
        LinkPlace(process.settings.data / "run"),
        link_key(process.key),
        serving,
        run=process.run_procedure,
        answered=process.peer_traffic.answered,
    )
    process.serve_peers(serving)
    process.begin("link", _listen(process, link))
    process.supervise([MAIN, COMMUNICATION, NAME_SERVER])
    if isinstance(serving, UnopenedCopy):
        process.begin("journal", _open_later(process, opening, link))


def _listen(process: ServerProcess, link: LinkServer) -> Effects[None]:
    """Open the link to main servers, as soon as the disk allows it."""
    listening = process.retries["link"] = Retries("replica link not opened")
    while True:
        with listening.attempt(StorageFailed):
            link.listen()
        if listening.trouble is None:
            return
        yield Sleep(LISTEN_AGAIN_S)


def _open_later(process: ServerProcess, opening: Retries, link: LinkServer) -> Effects[None]:
    """Open the journal as soon as the disk allows it."""
    copy = _copy(process, (yield from process.retry(lambda: open_journal_of(process), OPEN_AGAIN_S, opening)))
    process.peers.offer(PEER, copy)
    link.offer(copy)


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
    process.measure(copy.readings)
    copy.scrub = begin_scrub(process, journal, journal_of(settings, REPLICATION))
    process.repeat("compaction", compactor.compact, COMPACTION_PAUSE_S, compactor.retries)
    process.clients.offer(REPLICATION, ClientApi(REPLICATION, process.cluster_id))
    process.serve_clients()
    return copy


def main() -> NoReturn:
    """Run the replication server in this process."""
    entry_point.main(REPLICATION, build)


if __name__ == "__main__":
    main()
