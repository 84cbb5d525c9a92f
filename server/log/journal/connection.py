"""The connection to a journal's database: one thread at a time, and a transaction for each write.

Lives here: the lock, the tail of the log that SQLite may lack, and the errors of SQLite as errors of the log. No table
is named here.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator

from server.log.append_log.append_log import AppendLog
from server.log.journal.schema import prepare
from server.log.journal.tail import add_batches
from wire.errors import StorageFailed


class JournalConnection:
    """A SQLite connection in autocommit mode, safe for threads.

    Appends add to the tail and take no lock of SQLite. Every read and write brings the tail into the connection first,
    so SQLite shows the whole log. A read leaves that transaction open; the next write or ``fill`` commits it. So a read
    works on a full disk too, and waits for no disk.
    """

    _log: AppendLog
    """The tail. It is set when the database was read to its end, before the first transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Configure the connection. It must be in autocommit mode: transactions begin here."""
        prepare(connection)
        # Protects ``_connection``, ``_brought_in`` and ``_in_write``. Reentrant: a write may read.
        self._lock = threading.RLock()
        self._connection = connection
        # How many batches of the tail the open transaction has.
        self._brought_in = 0
        self._in_write = False
        self.on_unreadable: Callable[[str], None] = lambda _why: None
        """Called with the reason when SQLite can no longer read the file. This is worse than a damaged row."""
        self.is_alone = False
        """Whether no other connection can read the file now."""

    def reconnect(self, connect: Callable[[], tuple[sqlite3.Connection, bool]]) -> None:
        """Replace the connection by another one to the same file. Reads and writes wait meanwhile.

        ``connect`` returns it, and whether it ``is_alone``.
        """
        with self._lock:
            self._roll_back()
            self._connection.close()
            self._connection, self.is_alone = connect()
            prepare(self._connection)

    def close(self) -> None:
        """Close the file. The journal cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def writing(self, most_batches: int | None = None) -> Iterator[None]:
        """Run one transaction, all or nothing. Every write uses this. Raises StorageFailed.

        The tail of the log is in it, before anything else. ``most_batches``: bring in no more of it than that.
        """
        with self._lock:
            try:
                self._begin()
                self._bring_in(most_batches)
                self._in_write = True
                yield
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                self._is_malformed(error)
                raise StorageFailed(f"the journal cannot be written: {error}") from error
            except BaseException:
                self._roll_back()
                raise
            finally:
                self._in_write = False
            committed, self._brought_in = self._brought_in, 0
            self._filled(committed)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Hold the lock for a read. Every read uses this. Raises StorageFailed."""
        with self._lock:
            try:
                if not self._in_write:
                    self._bring_in()
                yield
            except sqlite3.Error as error:
                if not self._in_write:
                    self._roll_back()
                self._is_malformed(error)
                raise StorageFailed(f"the journal cannot be read: {error}") from error

    def _bring_in(self, most_batches: int | None = None) -> None:
        """Add batches of the tail to the open transaction, or to a new one. The lock is held. Raises sqlite3.Error."""
        batches = self._log.tail[self._brought_in : most_batches]
        if batches:
            self._begin()
            add_batches(self._connection, batches)
            self._brought_in += len(batches)

    def _filled(self, count: int) -> None:
        """Remove the oldest batches of the tail: a transaction with them was committed. The lock is held."""
        self._log.filled(count)

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def _is_malformed(self, error: sqlite3.Error) -> None:
        # For a corrupt file and for a file that is no database, sqlite3 raises plain DatabaseError, not a subclass.
        if type(error) is sqlite3.DatabaseError:
            self.on_unreadable(str(error))

    def _roll_back(self) -> None:
        self._brought_in = 0
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
