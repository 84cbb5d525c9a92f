"""A main server that serves reads and is not in office: it has a reason for which no command can be carried out.

The reason is an error: the disk refuses to be written, say. Every command is refused with it, unless it needs no write:
a retry gets its first answer, and an owner who claims the name again has it. Time stands still, and nothing is written.
``candidate`` begins this, and begins a term of office in its place once there can be one.
"""

from __future__ import annotations

from server.commit.refusing_committer import RefusingCommitter, still_time
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.main.reads import Reads
from server.process.server_process import ServerProcess
from server.rooms.event_feed import most_events_of
from server.rooms.room_store import RoomStore
from wire.errors import TicTacToeError
from wire.rpc import Endpoint

READ_ONLY = "read only"
"""The step of such a main server, in its status."""


class ReadOnly(Reads):
    """What a main server serves before it is in office."""

    committer: RefusingCommitter

    def __init__(self, node: ServerProcess, clients: Endpoint, journal: Journal, error: TicTacToeError) -> None:
        """``error``: see ``RefusingCommitter``."""
        streams = Streams(node.settings.limits)
        house = RoomStore(
            streams,
            journal,
            self.offer,
            time_of_service=still_time(),
            most_events=most_events_of(node.settings.max_message_bytes),
        )
        super().__init__(node, clients, house, RefusingCommitter(streams, house, error), tidies=False)

    def refuse_with(self, error: TicTacToeError) -> None:
        """From now on commands are refused with that error."""
        self.committer.error = error

    def status(self) -> dict[str, object]:
        error = self.committer.error
        return {"step": READ_ONLY, "refuses_with": {"code": error.code, "why": error.message}, **super().status()}
