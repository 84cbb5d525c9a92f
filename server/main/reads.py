"""What clients and the front door can call on a main server, whether or not it is the primary: rooms and usernames.

Reads are answered from the room store. Commands go to ``committer``. In a primary's term it writes them to the log
(``primary_term``). A main server that is not the primary, because of an error such as a disk that refuses writes,
serves ``ReadOnly``: it refuses every command with that error, unless the command needs no write. A retry gets its first
answer. A repeated claim of an owner is confirmed. Service time stands still, and nothing is written. ``candidate``
starts it, and replaces it with the primary's term after the takeover.
"""

from __future__ import annotations

from server.commit.refusing_committer import RefusingCommitter, stopped_clock
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.main.command_service import CommandService
from server.main.drain import DrainService
from server.main.match_opener import MatchOpener
from server.main.room_api import RoomApi
from server.process.base_api import ClientApi
from server.process.server_process import ServerProcess
from server.rooms.event_feed import most_events_of
from server.rooms.ids import HOUSE_BOT
from server.rooms.room_store import RoomStore
from server.runtime.procedures import CommitLock
from server.runtime.security import house_bot_token, token_hash
from wire import MAIN, room_of_object
from wire.errors import TicTacToeError

READ_ONLY = "read only"
"""The ``step`` of such a main server, in its status."""


class Reads:
    """Rooms and usernames, and their remote objects."""

    def __init__(
        self,
        process: ServerProcess,
        store: RoomStore,
        committer: CommitLock,
        *,
        sweeps: bool = True,
    ) -> None:
        """``store``: an empty room store. ``sweeps``: see ``CommandService``."""
        self.store = store
        self.committer = process.commit_lock = committer
        self._clients = process.clients
        self._cluster_id = process.cluster_id
        house_bot = token_hash(house_bot_token(process.key))
        self.command_service = CommandService(store, committer, process.settings, house_bot=house_bot, sweeps=sweeps)
        self.match_opener = MatchOpener(
            store,
            check_new_room=self.command_service.check_new_room,
            seat_house_bot=lambda: self.command_service.accounts.claim(HOUSE_BOT, house_bot),
            expect_players=self.command_service.expect_players,
        )
        self.draining = DrainService(store, process.run_directory)

    def load(self) -> None:
        """Load the summaries of the journal, and offer its rooms in place of those that were offered before."""
        self.store.load()
        self._clients.offer(MAIN, ClientApi(MAIN, self._cluster_id))
        self._clients.offer_on_demand(self.room_object)

    def room_object(self, name: str) -> RoomApi | None:
        """Make the remote object of that name; None if it is not the name of a room."""
        room = room_of_object(name)
        return RoomApi(self.command_service, room) if self.store.has(room) else None

    def end(self) -> None:
        """Answer all pending waits. Clients repeat them to the part that serves next."""
        self.store.end()

    def status(self) -> dict[str, object]:
        """Return the state, for people."""
        return {
            "rooms": len(self.store.index),
            "names": self.store.names.held,
            "position": self.store.published,
            "draining": self.draining.notice(),
        }


class ReadOnly(Reads):
    """What a main server serves before it is the primary."""

    committer: RefusingCommitter

    def __init__(self, process: ServerProcess, journal: Journal, error: TicTacToeError) -> None:
        """``error``: see ``RefusingCommitter``."""
        streams = Streams(process.settings.limits)
        store = RoomStore(
            streams,
            journal,
            process.loop,
            service_clock=stopped_clock(),
            most_events=most_events_of(process.settings.max_message_bytes),
        )
        super().__init__(process, store, RefusingCommitter(streams, store, process.host, error), sweeps=False)

    def status(self) -> dict[str, object]:
        error = self.committer.error
        return {"step": READ_ONLY, "refuses_with": {"code": error.code, "why": error.message}, **super().status()}
