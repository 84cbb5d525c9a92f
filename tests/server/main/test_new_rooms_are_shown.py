"""A caller that opens a room waits until the front door shows it, so the front door reads of it without a pause."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace
from typing import Any

import pytest

from game.context import Limits
from game.games.registry import DEFAULT_GAME, short_list
from server.log.entries import Epoch
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.main.command_service import CommandService
from server.main.match_opener import MatchOpener
from server.main.peer_api import MainPeerApi
from server.rooms.ids import system_request
from server.rooms.pairing import Pairing
from server.rooms.room_store import RoomStore
from server.runtime.effects import no_effects
from server.runtime.procedures import Procedure
from server.settings import Settings
from tests.server.alone import committer_of
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.later import Later

HASH = "a" * 64
WAIT_S = 30.0


class MainServer:
    """A main server's remote object, with a reader of its lobby that has read all."""

    def __init__(self) -> None:
        self._matches = 0
        self.timers = TimersByHand(now=1000.0)
        streams = Streams(Limits())
        journal = Journal(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
        journal.begin_term(Epoch(1, "me"))
        store = RoomStore(streams, journal, self.timers, self.timers.clock)
        store.load()
        self._committer = committer_of(streams, store, journal, self.timers)
        command_service = CommandService(store, self._committer, Settings(), self.timers.clock)
        match_opener = MatchOpener(
            store,
            check_new_room=command_service.check_new_room,
            seat_house_bot=no_effects,
            expect_players=command_service.expect_players,
        )
        served: Any = SimpleNamespace(store=store, command_service=command_service, match_opener=match_opener)
        self.api = MainPeerApi(SimpleNamespace())  # type: ignore[arg-type]  # no process is needed
        self.api.serve(served)
        self.ask(self.api.claim("ada", HASH, ""))
        self.timers.advance(1.0)

    def ask(self, call: Any) -> Any:
        """Ask and be answered at once."""
        return result_of(Procedure(call, self.timers, self._committer).begin())

    def create(self) -> Any:
        return self.ask(self.api.create(HASH, system_request(), "", DEFAULT_GAME, {}, {}, ""))

    def open_match(self) -> Any:
        self._matches += 1
        players = f"ada{self._matches}", f"bob{self._matches}"
        pairing = Pairing(system_request(), players, short_list(DEFAULT_GAME))
        return self.ask(self.api.open_matches([pairing]))

    def read(self, after: tuple[int, int]) -> Later:
        later = self.api.lobby_changes(*after, 200, WAIT_S)
        assert isinstance(later, Later)
        return later


@pytest.mark.parametrize("opens", [MainServer.create, MainServer.open_match])
def test_the_front_door_reads_of_a_new_room_at_once(opens: Any) -> None:
    server = MainServer()
    cursor = (0, 0)
    for _ in range(3):
        reading = server.read(cursor)
        opened = opens(server)
        server.timers.run()  # no time passes
        changes = result_of(reading)
        assert changes["cursor"].revision >= opened["revision"]
        cursor = changes["cursor"]
