"""A main server from its start to its takeover: opens its journal, then tries the takeover until it succeeds.

Meanwhile it serves reads if only a disk that refuses writes, or diverged journals, prevent the takeover. The primary's
term replaces these reads in the same process. Pending waits are answered then, and clients repeat them.
"""

from __future__ import annotations

import structlog

from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import Journal
from server.log.journal.pair import GUARD
from server.main.peer_api import MainPeerApi
from server.main.primary_term import PrimaryTerm
from server.main.reads import ReadOnly, Reads
from server.process.server_journal import OPEN_AGAIN_S, open_journal_of
from server.process.server_process import ServerProcess
from server.replication.takeover import take_over
from server.runtime.effects import Effects
from server.runtime.retries import Retries
from wire.errors import TicTacToeError

logger = structlog.get_logger()


class Candidate:
    """A main server that tries to become the primary."""

    def __init__(self, process: ServerProcess, peer: MainPeerApi) -> None:
        """``peer``: answers the other servers from the part that serves now."""
        self._process = process
        self._peer = peer
        self._reads: ReadOnly | None = None  # what serves before the term, if anything does

    def begin(self) -> None:
        """Begin to open the journal, and then to try the takeover."""
        self._process.begin("takeover", self._take_over())

    def _take_over(self) -> Effects[None]:
        settings = self._process.settings
        opening = self._process.retries["journal"] = Retries("journal not opened")
        journal = yield from self._process.retry(
            lambda: open_journal_of(self._process, GuardFile.in_file(settings.data / GUARD)), OPEN_AGAIN_S, opening
        )
        attempts = self._process.retries["office"] = Retries("takeover failed")
        epoch = yield from take_over(
            journal,
            wait_limit_s=settings.recovery_wait_s,
            piece_bytes=settings.piece_bytes,
            go_on=self._process.go_on,
            attempts=attempts,
            on_failure=lambda error, may_be_read: self._on_failure(journal, error, may_be_read=may_be_read),
        )
        if epoch is None:
            return
        term = PrimaryTerm(self._process, journal, epoch)
        term.begin()
        self._serve(term)
        if self._reads is not None:
            self._reads.end()

    def _on_failure(self, journal: Journal, error: TicTacToeError, *, may_be_read: bool) -> None:
        if self._reads is not None:
            self._reads.committer.error = error
        elif may_be_read:
            reads = ReadOnly(self._process, journal, error)
            reads.load()  # may raise, too: the next attempt starts again
            self._reads = reads
            self._serve(reads)
            logger.error("serving reads only", why=error.message)

    def _serve(self, serving: Reads) -> None:
        self._peer.serve(serving)
        self._process.serve_clients()
