"""A main server takes office: the conversation around ``takeover``. Comes to the office, or to nothing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import structlog

from server import replica_messages, takeover
from server.conversation import Conversation, Rest
from server.entries import Mark, Office
from server.journal import Journal
from server.takeover import FetchCopy, Standing, Wait
from wire import REPLICATION
from wire.errors import NotReady, TicTacToeError

ASK_AGAIN_S = 0.01
SAY_AGAIN_S = 2.0
READ_AGAIN = 3
"""So often a copy with gaps is read until they are believed: it was catching up when the main server's was lost."""

logger = structlog.get_logger()


def take_office(
    journal: Journal,
    *,
    wait_limit_s: float,
    piece_bytes: int,
    go_on: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
    new_holder: Callable[[], str] = lambda: secrets.token_hex(8),
) -> Conversation[Office | None]:
    """Wait until this server knows all that was ever acknowledged, then begin a term of office in its journal.

    ``wait_limit_s``: how long the replica is waited for when the own journal would do. ``piece_bytes``: about how much
    of its copy comes in one message. None if ``go_on()`` became false meanwhile.
    """
    began = said = clock()
    gaps: dict[Mark, int] = {}
    while go_on():
        now = clock()
        try:
            office = yield from _try(journal, now - began, wait_limit_s, piece_bytes, new_holder, gaps)
        except TicTacToeError as error:
            logger.info("office not taken, asking again", why=error.message)
            office = None
        if office is not None:
            logger.info("in office", epoch=office.epoch, position=journal.last.position)
            return office
        if now - said > SAY_AGAIN_S:
            said = now
            logger.info("waiting", for_=REPLICATION, why="it may know more than this server's journal")
        yield Rest(ASK_AGAIN_S)
    return None


def _try(
    journal: Journal,
    waited_s: float,
    wait_limit_s: float,
    piece_bytes: int,
    new_holder: Callable[[], str],
    gaps: dict[Mark, int],
) -> Conversation[Office | None]:
    asked = yield from _standing()
    decision = takeover.decide(
        Standing(journal.office, journal.last),
        journal.terms,
        asked,
        waited_s=waited_s,
        wait_limit_s=wait_limit_s,
        own_lost=journal.lost,
    )
    if isinstance(decision, Wait):
        return None
    office = Office(decision.epoch, new_holder())
    if asked is not None:
        yield from replica_messages.take_office(office)
    if isinstance(decision, FetchCopy) and asked is not None:
        logger.info("fetching the replica's copy", own=journal.last.position, replica=asked.last.position)
        theirs = yield from replica_messages.copies(piece_bytes)
        ranks = {copy.stream: copy.rank for copy in journal.copies()}
        better = takeover.better_copies(ranks, theirs)
        torn = [copy.stream for copy in better if copy.has_gap]
        if torn:
            gaps[asked.last] = gaps.get(asked.last, 0) + 1
            if gaps[asked.last] < READ_AGAIN:
                raise NotReady("the replica's copy may have changed while it was read")
            logger.error("the replica lacks events that nobody has: what was after them is lost", streams=torn)
            better = [copy.before_gap() for copy in better]
        journal.begin_term(office)
        journal.adopt([copy for copy in better if copy.end], asked.last)
    else:
        journal.begin_term(office)
    return office


def _standing() -> Conversation[Standing | None]:
    try:
        return (yield from replica_messages.standing())
    except TicTacToeError:
        return None
