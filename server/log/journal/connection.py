"""The connection to a journal's database: one thread at a time, and a transaction for each write.

Lives here: the lock, and the errors of SQLite as errors of the log. No table is named here.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator

from server.log.journal.schema import prepare
from wire.errors import StorageFailed


class JournalConnection:
    """A SQLite connection in autocommit mode, safe for threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Configure the connection. It must be in autocommit mode: ``writing`` begins the transactions."""
        prepare(connection)
        # Protects ``_connection``. Reentrant: a write may read.
        self._lock = threading.RLock()
        self._connection = connection
        self.on_unreadable: Callable[[str], None] = lambda _why: None
        """Called with the reason when SQLite can no longer read the file. This is worse than a damaged row."""
        self.is_alone = False
        """Whether no other connection can read the file now."""

    def reconnect(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """Replace the connection by another one to the same file. Reads and writes wait meanwhile."""
        with self._lock:
            self._connection.close()
            self._connection = connect()
            prepare(self._connection)

    def close(self) -> None:
        """Close the file. The journal cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Run one transaction, all or nothing. Every write uses this. Raises StorageFailed."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                self._is_malformed(error)
                raise StorageFailed(f"the journal cannot be written: {error}") from error
            except BaseException:
                self._roll_back()
                raise

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Hold the lock for a read. Every read uses this. Raises StorageFailed."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                self._is_malformed(error)
                raise StorageFailed(f"the journal cannot be read: {error}") from error

    def _is_malformed(self, error: sqlite3.Error) -> None:
        # For a corrupt file and for a file that is no database, sqlite3 raises plain DatabaseError, not a subclass.
        if type(error) is sqlite3.DatabaseError:
            self.on_unreadable(str(error))

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
