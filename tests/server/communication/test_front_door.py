"""The front door's remote object: a main server that hangs holds up those who need it, and nobody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from game.errors import LimitReached
from server.communication.front_door import FrontDoor
from server.communication.lobby_follower import LobbyFollower
from server.rooms.ids import HOUSE_BOT
from server.runtime.event_loop import EventLoop, LoopHost, calls_in_threads
from server.runtime.procedures import Host, Procedure
from server.runtime.timers import Timers
from server.settings import Settings
from server.supervision.status import CachedStatus
from tests.conditions import PATIENCE_S, wait_until
from tests.server.timers_by_hand import TimersByHand, result_of
from wire import COMMUNICATION
from wire.caller import set_calling_host
from wire.errors import Unreachable
from wire.later import Later
from wire.rpc import Address, Proxy
from wire.rpc.endpoint import Endpoint

SETTINGS = Settings(max_bot_matches_per_host=1)
KEY = b"the cluster's key"
TOKEN = "t" * 43
THREADS = 1
NO_ROOM = {"cursor": (1, 1), "changed": [], "reset": False, "more": False}
NO_RECORD = {"records": [], "count": 0}


class Status:
    """Stands where the reader of the status is."""

    def snapshot(self) -> dict[str, object]:
        return {"servers": []}


def front_door_of(timers: Timers, host: Host) -> FrontDoor:
    """One that has read the main server's lobby and archive, which are empty."""
    copy = LobbyFollower(timers)
    front_door = FrontDoor(copy, CachedStatus(Status(), host.in_thread), SETTINGS, KEY, timers)  # type: ignore[arg-type]
    copy.apply(NO_ROOM)
    front_door.archive.apply(NO_RECORD)
    return front_door


# -- a main server that hangs ---------------------------------------------------------------------------------------


class Served:
    """A front door on a real loop, whose main server does not answer until it is let."""

    def __init__(self) -> None:
        self.failures: list[object] = []
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.loop = EventLoop("asyncio", lambda message, error: self.failures.append((message, error)))
        host = LoopHost(self.loop, calls_in_threads(self.loop, self._main, threads=THREADS, name="main"))
        self.front_door = front_door_of(self.loop, host)
        self.endpoint = Endpoint(
            Address("127.0.0.1", 0), answered=lambda *_: None, run=lambda effects: Procedure(effects, host).begin()
        )
        self.endpoint.offer(COMMUNICATION, self.front_door)
        self.endpoint.begin(self.loop.loop)
        self._thread = threading.Thread(target=self.loop.run)
        self._thread.start()

    def _main(self, method: str, _arguments: tuple[Any, ...]) -> Any:
        self.asked.append(method)
        assert self.may_answer.wait(PATIENCE_S)
        return {"who_has": "ada", "is_open": True}[method]

    def client(self) -> Proxy:
        return Proxy(Address("127.0.0.1", self.endpoint.port), COMMUNICATION)

    def ask(self, method: str, *arguments: object) -> Any:
        """Ask over a connection of its own."""
        with closing(self.client()) as client:
            return client.call(method, *arguments, timeout_s=PATIENCE_S)

    def end(self) -> None:
        self.may_answer.set()
        self.loop.result_of(self.endpoint.close)
        self.loop.stop()
        self._thread.join()
        assert self.failures == []


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.end()


def test_a_main_server_that_hangs_holds_up_no_other_answer(served: Served) -> None:
    found: list[object] = []
    needing = [threading.Thread(target=lambda: found.append(served.ask("where_is", "abcd2345"))) for _ in range(4)]
    for thread in needing:
        thread.start()
    wait_until(lambda: served.endpoint.connections == len(needing), what="all who need the main server")
    wait_until(lambda: len(served.asked) == THREADS)

    assert served.ask("rooms")["rooms"] == []
    assert served.ask("wait_rooms", "", 0.01)["rooms"] == []
    assert served.ask("leaderboard")["players"] == []
    assert served.ask("games")["games"] == []
    assert served.ask("describe")["role"] == COMMUNICATION
    assert served.ask("servers") == {"servers": []}
    assert not found
    assert len(served.asked) == THREADS

    served.may_answer.set()
    for thread in needing:
        thread.join(PATIENCE_S)
    assert len(found) == len(needing)


def test_who_leaves_while_the_main_server_is_asked_who_it_is_does_not_wait_for_a_match(served: Served) -> None:
    client = served.client()

    def seek() -> None:
        with pytest.raises(Unreachable):
            client.call("seek", TOKEN, {}, "", 60.0, timeout_s=PATIENCE_S)

    seeking = threading.Thread(target=seek)
    seeking.start()
    wait_until(lambda: served.asked == ["who_has"])
    assert client._socket is not None
    client._socket.shutdown(socket.SHUT_RDWR)
    seeking.join(PATIENCE_S)
    wait_until(lambda: served.endpoint.connections == 0, what="the connection is gone")
    served.may_answer.set()
    assert served.ask("where_is", "abcd2345")["object"]
    assert served.loop.result_of(lambda: served.front_door.matchmaker.waiting) == 0


# -- limits of a host -----------------------------------------------------------------------------------------------


def test_the_host_of_a_match_with_the_house_bot_is_its_callers_though_others_call_meanwhile() -> None:
    asked: list[tuple[str, Later]] = []

    def main(method: str, *_: object) -> Later:
        asked.append((method, Later()))
        return asked[-1][1]

    timers = TimersByHand(main)
    front_door = front_door_of(timers, timers)

    def play(token: str, name: str, room: str) -> Later:
        set_calling_host("10.0.0.1")
        playing = timers.begin(front_door.play_house_bot(token, f"request-{name}", {}))
        set_calling_host(f"10.0.0.{name}")
        asked.pop()[1].answer(name)
        if asked:
            method, opening = asked.pop()
            assert method == "open_matches"
            front_door.matchmaker._lobby.lobby.matches.put(
                room, None, {"match": True, "players": {"X": name, "O": HOUSE_BOT}}
            )
            opening.answer({"revision": 0, "opened": [{"room": room, "taken": {}}]})
        return playing

    assert result_of(play("a" * 43, "ada", "abcd2345"))["room"] == "abcd2345"
    assert isinstance(play("b" * 43, "bob", "abcd6789").error, LimitReached)
