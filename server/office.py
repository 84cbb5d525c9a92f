"""A main server takes office: the shell around ``takeover``. Comes back with the office, or not at all."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import structlog

from server import takeover
from server.entries import Office
from server.journal import Journal
from server.replica_port import ReplicaPort
from server.takeover import FetchCopy, Standing, Wait
from wire import REPLICATION
from wire.errors import TicTacToeError

ASK_AGAIN_S = 0.01
SAY_AGAIN_S = 2.0

logger = structlog.get_logger()


def take_office(
    journal: Journal, replica: ReplicaPort, *, wait_limit_s: float, go_on: Callable[[], bool]
) -> Office | None:
    """Wait until this server knows all that was ever acknowledged, then begin a term of office in its journal.

    ``wait_limit_s``: how long the replica is waited for when the own journal would do. None if ``go_on()`` became
    false meanwhile.
    """
    began = time.monotonic()
    said = began
    while go_on():
        now = time.monotonic()
        office = _try(journal, replica, now - began, wait_limit_s)
        if office is not None:
            logger.info("in office", epoch=office.epoch, position=journal.last.position)
            return office
        if now - said > SAY_AGAIN_S:
            said = now
            logger.info("waiting", for_=REPLICATION, why="it may know more than this server's journal")
        time.sleep(ASK_AGAIN_S)
    return None


def _try(journal: Journal, replica: ReplicaPort, waited_s: float, wait_limit_s: float) -> Office | None:
    asked = _ask(replica)
    own = Standing(journal.office, journal.last)
    decision = takeover.decide(
        own,
        journal.terms,
        asked,
        waited_s=waited_s,
        wait_limit_s=wait_limit_s,
        own_lost=journal.lost,
    )
    if isinstance(decision, Wait):
        return None
    office = Office(decision.epoch, secrets.token_hex(8))
    try:
        if asked is not None:
            replica.take_office(office)
        if isinstance(decision, FetchCopy) and asked is not None:
            logger.info("fetching the replica's copy", own=journal.last.position, replica=asked.last.position)
            ranks = {copy.stream: copy.rank for copy in journal.copies()}
            copies = takeover.better_copies(ranks, replica.copies())
            journal.begin_term(office)
            journal.adopt(copies, asked.last)
        else:
            journal.begin_term(office)
    except TicTacToeError as error:
        logger.info("office not taken, asking again", why=error.message)
        replica.close()
        return None
    return office


def _ask(replica: ReplicaPort) -> Standing | None:
    try:
        return replica.standing()
    except TicTacToeError:
        replica.close()
        return None
