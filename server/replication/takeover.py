"""Makes a main server the primary: the procedure around ``takeover_rules``."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence

import structlog

from server.log.entries import Epoch, EpochStart, LogId, StreamCopy
from server.log.journal.journal import Journal
from server.replication import messages, takeover_rules
from server.replication.takeover_rules import BecomePrimary, CandidateState, Divergence, FetchCopy, ReplicaState, Wait
from server.runtime.effects import Blocking, Effects, Sleep
from server.runtime.retries import Retries
from wire.errors import Diverged, NotReady, StorageFailed, TicTacToeError

RETRY_S = 0.01
WRITE_RETRY_S = 0.2
"""Seconds until the next attempt after a storage failure or a divergence. It is long because an attempt may raise the
replica's epoch.
"""
MOST_READS = 3
"""How often a copy with gaps is read before the gaps are believed. The replica may have been catching up when the
primary was lost.
"""

DIVERGED = (
    "the journals of main and replication server have diverged, each has moves that the other lacks; "
    "choose with `tictactoe.py cluster resolve --keep main` or `--keep replica`"
)

OnFailure = Callable[[TicTacToeError, bool], None]
"""Called with the error that prevents a takeover: the disk refuses writes, or the journals have diverged.

The flag: the own journal may be read meanwhile.
"""

logger = structlog.get_logger()


def take_over(
    journal: Journal,
    *,
    wait_limit_s: float,
    piece_bytes: int,
    go_on: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
    new_holder: Callable[[], str] = lambda: secrets.token_hex(8),
    attempts: Retries | None = None,
    on_failure: OnFailure = lambda _error, _may_be_read: None,
) -> Effects[Epoch | None]:
    """Wait until this server has everything that was acknowledged, then begin an epoch in its journal.

    Returns the epoch, or None if ``go_on()`` became false.
    ``wait_limit_s``: how long to wait for the replica when the own journal would be enough.
    ``piece_bytes``: the approximate size of one message of the replica's copy.
    ``attempts`` stores the reasons for waiting.
    ``on_failure`` is called for errors of the disk and for a divergence.
    """
    began = clock()
    attempts = attempts or Retries("takeover failed", clock=clock)
    reads_with_gaps: dict[LogId, int] = {}
    while go_on():
        try:
            epoch = yield from _try(
                journal, clock() - began, wait_limit_s, piece_bytes, new_holder, reads_with_gaps, on_failure
            )
        except TicTacToeError as error:
            attempts.failed(error)
            yield Sleep(WRITE_RETRY_S if isinstance(error, (StorageFailed, Diverged)) else RETRY_S)
        else:
            attempts.succeeded()
            logger.info("became primary", epoch=epoch.number, position=journal.last.position)
            return epoch
    return None


def _try(
    journal: Journal,
    waited_s: float,
    wait_limit_s: float,
    piece_bytes: int,
    new_holder: Callable[[], str],
    reads_with_gaps: dict[LogId, int],
    on_failure: OnFailure,
) -> Effects[Epoch]:
    """Begin an epoch, or raise the reason to wait: the replica does not answer, a copy is incomplete, the disk."""
    replica: ReplicaState | None = None
    why: TicTacToeError = NotReady("the journal of this server is lost, and the replica's copy is empty")
    try:
        replica = yield from messages.state(journal.end)
    except TicTacToeError as error:
        why = error
    known = journal.guard.epoch_above(journal.epoch.number)
    decision = takeover_rules.decide(
        CandidateState(journal.epoch._replace(number=known), journal.end),
        journal.terms,
        replica,
        waited_s=waited_s,
        wait_limit_s=wait_limit_s,
        own_lost=journal.lost,
        may_be_alone=journal.guard.allows_alone(journal.last),
    )
    if isinstance(decision, Wait):
        raise why
    try:
        if isinstance(decision, Divergence):
            journal.guard.diverged()
            raise Diverged(DIVERGED)
        epoch = Epoch(decision.epoch, new_holder())
        if replica is not None:
            yield from _promise(epoch, may_be_missing=isinstance(decision, BecomePrimary) and waited_s >= wait_limit_s)
        if isinstance(decision, FetchCopy) and replica is not None:
            yield from _fetch_copy(journal, epoch, replica.last.log_id, piece_bytes, reads_with_gaps)
        journal.begin_term(epoch)
    except (StorageFailed, Diverged) as error:
        on_failure(error, takeover_rules.may_be_read(decision))
        raise
    if replica is not None:
        _lower_guard(journal)
    return epoch


def _promise(epoch: Epoch, *, may_be_missing: bool) -> Effects[None]:
    """Have the replica obey this epoch.

    With ``may_be_missing``, a replica whose disk refuses the write counts as a replica that does not answer. It obeys
    when it is attached, once it can write.
    """
    try:
        yield from messages.promise(epoch)
    except StorageFailed as error:
        if not may_be_missing:
            raise
        logger.warning("new epoch not stored by the replica", why=error.message)


def _fetch_copy(
    journal: Journal, epoch: Epoch, last: LogId, piece_bytes: int, reads_with_gaps: dict[LogId, int]
) -> Effects[None]:
    """Replace the own log by the replica's log, which continues the own one."""
    logger.info("fetching copy of the replica", own=journal.last.position, replica=last.position)
    copies = yield from messages.copies(piece_bytes)
    if any(copy.has_gap for copy in copies):
        reads_with_gaps[last] = reads_with_gaps.get(last, 0) + 1
        if reads_with_gaps[last] < MOST_READS:
            raise NotReady("the replica's copy may have changed while it was read")
        streams = yield from messages.drop_after_gaps(epoch)
        if streams:
            logger.error("events missing in both copies", streams=streams)
            raise NotReady("the replica's copy had gaps")
        logger.error("copy of the replica damaged")
    terms = yield from messages.terms()
    forgotten_at = yield from messages.forgotten_at()
    yield Blocking(lambda: _replace(journal, copies, last, terms, forgotten_at))


def _replace(
    journal: Journal, copies: Sequence[StreamCopy], last: LogId, terms: Sequence[EpochStart], forgotten_at: int
) -> None:
    journal.begin_copy()
    journal.add_to_copy(
        [copy.snapshot for copy in copies if copy.snapshot is not None],
        [entry for copy in copies for entry in copy.entries],
    )
    journal.end_copy(last, terms, forgotten_at)


def _lower_guard(journal: Journal) -> None:
    guard, last = journal.guard, journal.last
    if last.position < guard.highest.position:
        logger.error(
            "both copies of the log lack its last entries", position=last.position, highest=guard.highest.position
        )
    guard.complete_at(last)
