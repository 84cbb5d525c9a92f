"""What people and the front door can ask of a main server, in office or not: its rooms and usernames.

Reads are answered from the house, commands go to where ``committer`` says: into the log in a term of office
(``primary_term``), nowhere while a main server serves reads only (``read_only``).
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
    """Rooms and usernames, and the objects that are called for them."""

    def __init__(
        self, node: ServerProcess, clients: Endpoint, house: RoomStore, committer: CommandPort, *, tidies: bool = True
    ) -> None:
        """``room_store``: an empty one, which calls ``offer`` with every room that it gets to know. ``tidies``: see
        ``CommandService``.
        """
        self.house = house
        self.committer = committer
        self._clients = clients
        self._cluster_id = node.cluster_id
        house_bot = token_hash(house_bot_token(node.key))
        self.desk = CommandService(house, committer, node.settings, house_bot=house_bot, tidies=tidies)
        self.pairings = MatchOpener(
            house,
            committer,
            check_new_room=self.desk.check_new_room,
            seat_house_bot=lambda: self.desk.names.claim(HOUSE_BOT, house_bot),
            expect=self.desk.expect,
        )
        self.draining = DrainService(house, committer, node.run_folder)

    def load(self) -> list[StreamSummary]:
        """Take in the journal and offer every room; returns the listings that the journal lacks."""
        missing = self.house.load()
        self._clients.offer(MAIN, ClientApi(MAIN, self._cluster_id))
        return missing

    def offer(self, room: str) -> None:
        """Make a room callable, in the place of an object of the same name."""
        self._clients.offer(room_object(room), RoomApi(self.desk, room))

    def withdraw(self, room: str) -> None:
        """Make a room unknown."""
        self._clients.withdraw(room_object(room))

    def end(self) -> None:
        """Answer everybody who waits: what comes next is asked of what is served next."""
        self.house.end()

    def status(self) -> dict[str, object]:
        """How it stands, for people."""
        return {
            "rooms": self.house.open_rooms,
            "names": self.house.names.held,
            "position": self.house.published,
            "draining": self.draining.told(),
        }
