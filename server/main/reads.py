"""What clients and the front door can call on a main server, whether or not it is the primary: rooms and usernames.

Reads are answered from the room store. Commands go to ``committer``. In a primary's term it writes them to the log
(``primary_term``). While a main server serves reads only, it refuses them (``read_only``).
"""

from __future__ import annotations

from server.commit.command_port import CommandPort
from server.log.entries import StreamSummary
from server.main.command_service import CommandService
from server.main.drain import DrainService
from server.main.match_opener import MatchOpener
from server.main.room_api import RoomApi
from server.process.base_api import ClientApi
from server.process.server_process import ServerProcess
from server.rooms.ids import HOUSE_BOT
from server.rooms.room_store import RoomStore
from server.runtime.security import house_bot_token, token_hash
from wire import MAIN, room_object
from wire.rpc import Endpoint


class Reads:
    """Rooms and usernames, and their remote objects."""

    def __init__(
        self,
        process: ServerProcess,
        clients: Endpoint,
        store: RoomStore,
        committer: CommandPort,
        *,
        sweeps: bool = True,
    ) -> None:
        """``store``: an empty room store, which calls ``offer`` with every room that it loads.

        ``sweeps``: see ``CommandService``.
        """
        self.store = store
        self.committer = committer
        self._clients = clients
        self._cluster_id = process.cluster_id
        house_bot = token_hash(house_bot_token(process.key))
        self.command_service = CommandService(store, committer, process.settings, house_bot=house_bot, sweeps=sweeps)
        self.match_opener = MatchOpener(
            store,
            committer,
            check_new_room=self.command_service.check_new_room,
            seat_house_bot=lambda: self.command_service.accounts.claim(HOUSE_BOT, house_bot),
            expect_players=self.command_service.expect_players,
        )
        self.draining = DrainService(store, committer, process.run_directory)

    def load(self) -> list[StreamSummary]:
        """Load the journal and offer every room. Return the stream summaries that the journal lacks."""
        missing = self.store.load()
        self._clients.offer(MAIN, ClientApi(MAIN, self._cluster_id))
        return missing

    def offer(self, room: str) -> None:
        """Make a room callable, in place of an object of the same name."""
        self._clients.offer(room_object(room), RoomApi(self.command_service, room))

    def withdraw(self, room: str) -> None:
        """Remove a room's remote object."""
        self._clients.withdraw(room_object(room))

    def end(self) -> None:
        """Answer all pending waits. Clients repeat them to the part that serves next."""
        self.store.end()

    def status(self) -> dict[str, object]:
        """Return the state, for people."""
        return {
            "rooms": self.store.open_rooms,
            "names": self.store.names.held,
            "position": self.store.published,
            "draining": self.draining.notice(),
        }
