"""A main server that serves reads and is not the primary, because of an error such as a disk that refuses writes.

It refuses every command with that error, unless the command needs no write. A retry gets its first answer. A repeated
claim of an owner is confirmed. Service time stands still, and nothing is written. ``candidate`` starts this, and
replaces it with the primary's term after the takeover.
"""

from __future__ import annotations

from server.commit.refusing_committer import RefusingCommitter, stopped_clock
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.main.reads import Reads
from server.process.server_process import ServerProcess
from server.rooms.event_feed import most_events_of
from server.rooms.room_store import RoomStore
from wire.errors import TicTacToeError
from wire.rpc import Endpoint

READ_ONLY = "read only"
"""The ``step`` of such a main server, in its status."""


class ReadOnly(Reads):
    """What a main server serves before it is the primary."""

    committer: RefusingCommitter

    def __init__(self, process: ServerProcess, clients: Endpoint, journal: Journal, error: TicTacToeError) -> None:
        """``error``: see ``RefusingCommitter``."""
        streams = Streams(process.settings.limits)
        store = RoomStore(
            streams,
            journal,
            self.offer,
            time_of_service=stopped_clock(),
            most_events=most_events_of(process.settings.max_message_bytes),
        )
        super().__init__(process, clients, store, RefusingCommitter(streams, store, error), sweeps=False)

    def refuse_with(self, error: TicTacToeError) -> None:
        """Refuse commands with that error from now on."""
        self.committer.error = error

    def status(self) -> dict[str, object]:
        error = self.committer.error
        return {"step": READ_ONLY, "refuses_with": {"code": error.code, "why": error.message}, **super().status()}
