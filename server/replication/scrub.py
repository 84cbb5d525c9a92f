"""Reads one copy of the log slowly in the background, to find damage while the other copy is sound.

The main server and the replication server each run one scrub thread for their own journal. It reads on its own
connection. So it sees the disk and not the journal's memory, and no commit waits for it. It does not read segments: the
database gets what it lacks from memory, within a moment.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from server.log.damaged_streams import DamagedStreams
from server.log.journal.file import reader
from server.log.journal.journal import Journal
from server.log.journal.rows import COLUMNS, as_bytes, is_sound, is_sound_summary
from server.log.row_format import Kind
from server.log.streams import is_stream
from server.process.server_process import ServerProcess
from server.process.tasks import LATER_S
from server.runtime.retries import Retries
from server.telemetry import metrics
from server.telemetry.metrics import Reading
from wire.errors import StorageFailed, TicTacToeError

FIRST_S = 10.0
"""Seconds between a server's start and its first pass: a takeover has priority."""
PAGE = 100
"""Rows that are read without a pause."""
GAP_RECHECK_S = 5.0
"""Seconds between two checks for missing events: a replica that is catching up lacks some for a moment."""
_GAPS = """
SELECT stream FROM entries GROUP BY stream HAVING COUNT(*) <> MAX(version) - MIN(version) + 1
"""

logger = structlog.get_logger()


def begin_scrub(process: ServerProcess, journal: Journal, file: Path) -> Scrub:
    """Start a thread of ``process`` that scrubs this journal while the server runs."""
    settings = process.settings
    scrub = Scrub(
        journal,
        lambda: reader(file),
        rows_per_s=settings.scrub_rows_per_s,
        every_s=settings.scrub_every_s,
    )
    process.retries["scrub"] = scrub.retries
    process.in_background("scrub", lambda: scrub.run(process.go_on, process.pause), after_s=LATER_S)
    return scrub


def readings_of_copy(damage: DamagedStreams, scrub: Scrub | None) -> Iterator[Reading]:
    """Yield the metrics of one copy: its damage and the progress of its scrub."""
    yield Reading(metrics.DAMAGED, len(damage.waiting), ("waiting",))
    yield Reading(metrics.DAMAGED, len(damage.lost), ("lost",))
    yield Reading(metrics.DAMAGE_FOUND, damage.found)
    yield Reading(metrics.DAMAGE_MENDED, damage.mended)
    yield Reading(metrics.SCRUBBED, 0 if scrub is None else scrub.rows)
    yield Reading(metrics.SCRUB_FINISHED, 0 if scrub is None else scrub.finished_at)


class Scrub:
    """Reads a journal through, again and again."""

    def __init__(
        self,
        journal: Journal,
        connect: Callable[[], sqlite3.Connection],
        *,
        rows_per_s: int,
        every_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``connect`` makes a read-only connection.
        ``rows_per_s`` is the pace.
        ``every_s`` is the minimum time in seconds between the starts of two passes.
        """
        self._journal = journal
        self._connect = connect
        self._rows_per_s = rows_per_s
        self._every_s = every_s
        self._clock = clock
        self.retries = Retries("scrub failed")
        self.rows = 0
        """Rows that were read since this process began. It only grows."""
        self.finished_at = 0.0
        """When the last pass ended, in seconds since 1970; 0 before the first."""

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Read until ``go_on()`` is false."""
        for pause_s in self.pauses(go_on):
            pause(pause_s)

    def pauses(self, go_on: Callable[[], bool]) -> Iterator[float]:
        """Read until ``go_on()`` is false; yield the seconds for which the caller must pause."""
        yield min(FIRST_S, self._every_s)
        while go_on():
            began = self._clock()
            try:
                yield from self.one_pass(go_on)
                self.retries.succeeded()
            except TicTacToeError as error:
                self.retries.failed(error)
            except sqlite3.OperationalError as error:  # the file is busy, or the disk refuses for now
                self.retries.failed_with(str(error), StorageFailed.code)
            except sqlite3.DatabaseError as error:
                self._journal.on_unreadable(str(error))
            yield max(1.0, self._every_s - (self._clock() - began)) if self._every_s > 1.0 else self._every_s

    def one_pass(self, go_on: Callable[[], bool]) -> Iterator[float]:
        """Read through once; yield pauses as ``pauses`` does. Raises StorageFailed and sqlite3.Error."""
        with closing(self._connect()) as connection:
            for check, page in self._pages(connection):
                check(page)
                self.rows += len(page)
                yield len(page) / self._rows_per_s
                if not go_on():
                    return
            if with_gaps := self._with_gaps(connection):
                yield min(GAP_RECHECK_S, self._every_s)
                for stream in with_gaps & self._with_gaps(connection):
                    self._journal.damage.add(stream)
        self.finished_at = time.time()

    def as_plain(self) -> dict[str, object]:
        """Return the progress as a dictionary for a status."""
        return {"rows": self.rows, "finished_at": self.finished_at or None}

    def _pages(self, connection: sqlite3.Connection) -> Iterator[tuple[Callable[[Sequence[Any]], None], list[Any]]]:
        """Yield all rows, one page at a time, each with the function that checks it."""
        run = connection.execute
        after: Any = 0
        while page := run(
            f"SELECT {COLUMNS} FROM entries WHERE position > ? ORDER BY position LIMIT {PAGE}", (after,)
        ).fetchall():
            yield partial(self._check_rows, "entry"), page
            after = page[-1][0]
        for page in _by_stream(connection, f"{COLUMNS} FROM snapshots"):
            yield partial(self._check_rows, "snapshot"), [row[1:] for row in page]
        for page in _by_stream(connection, "position, row, sum FROM listings"):
            yield self._check_summaries, page

    def _check_rows(self, kind: Kind, rows: Sequence[Any]) -> None:
        for row in [row for row in rows if not is_sound(kind, row)]:
            self._check_again((self._journal.stream_at(row[0]) if kind == "entry" else None) or row[2])

    def _check_summaries(self, rows: Sequence[Any]) -> None:
        for row in rows:
            if type(row[0]) is str and not is_sound_summary(row):
                self._journal.drop_summary(row[0])

    def _check_again(self, stream: object) -> None:
        """Have the journal check a stream and record its damage.

        If SQLite's cache still has the stream sound, the journal writes it again.
        """
        if type(stream) is not str or not is_stream(stream):
            logger.error("stream of a damaged row unknown")
            return
        self._journal.rewrite_if_sound(stream)

    def _with_gaps(self, connection: sqlite3.Connection) -> set[str]:
        found = connection.execute(_GAPS)
        return {stream for (stream,) in found if type(stream) is str and is_stream(stream)}


def _by_stream(connection: sqlite3.Connection, columns_from: str) -> Iterator[list[Any]]:
    """Yield pages of the rows of a table, ordered by stream. Each row begins with its stream."""
    after = b""
    while page := connection.execute(
        f"SELECT stream, {columns_from} WHERE stream > CAST(? AS TEXT) ORDER BY stream LIMIT {PAGE}", (after,)
    ).fetchall():
        yield page
        last = page[-1][0]
        if type(last) is not str:  # all rows after it are damaged in the same way
            return
        after = as_bytes(last)
