"""G8: bad input gets a clear error and changes nothing; none ends a server or leaks a path, token or traceback."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from client import Cluster as Connection
from client.room import new_request_id
from game.errors import InvalidArgument, InvariantBroken, NoSuchRoom
from server.communication.front_door import FrontDoor
from server.control.cluster import ClusterControl
from server.main.peer_api import MainPeerApi
from server.main.room_api import RoomApi
from server.process.base_api import ClientApi, PeerApi
from server.replication.replica_service import ReplicaService
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import Game, end
from tests.good_arguments import CAN_BE_CALLED_WITH_NOTHING, MADE_ANEW, good_arguments
from verify.testbed.local_cluster import sandbox_settings
from wire import COMMUNICATION, MAIN, PEER, REPLICATION
from wire.errors import Forbidden, InternalError, TicTacToeError, Unreachable
from wire.rpc import Address, Proxy

JUNK: list[object] = [
    None,
    True,
    -1,
    1 << 80,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "\x00",
    "x" * 5000,
    "\u202e",
    [],
    [[[[[[[[]]]]]]]],
    {},
    {"a": {"b": None}},
    ["x"] * 3000,
]
NOT_JUNK_FOR = {"title", "options", "role", "timeout_s", "after", "terms", "wish", "on"}
PEER_CLASSES = (PeerApi, MainPeerApi, ReplicaService)


def remote_methods(kind: type) -> Iterator[tuple[str, list[str]]]:
    """Every method of a class that can be called remotely, with the names of its arguments."""
    for name in dir(kind):
        checks = getattr(getattr(kind, name), "checks", None)
        if checks is not None:
            yield name, list(checks)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterControl]:
    """One cluster for all of this file: nothing here may harm it."""
    cluster = ClusterControl(sandbox_settings(tmp_path_factory.mktemp("data")))
    try:
        cluster.start()
        yield cluster
    finally:
        end(cluster)


@pytest.fixture
def game(connection: Connection) -> Game:
    """A game that has just begun, of two whom nobody knows yet."""
    number = next(_numbers)
    return Game(connection, (f"ada{number}", f"bob{number}"))


_numbers = itertools.count()


@pytest.fixture
def call(cluster: ClusterControl) -> Iterator[Any]:
    """Call any method of any object, and return the error it gave, or None."""
    remotes: dict[tuple[str, str], Proxy] = {}

    def call(role: str, name: str, method: str, *arguments: object) -> TicTacToeError | None:
        address = cluster.settings.public_address_of(role)
        remote = remotes.setdefault((role, name), Proxy(address, name))
        try:
            remote.call(method, *arguments, timeout_s=PATIENCE_S)
        except TicTacToeError as error:
            return error
        return None

    yield call
    for remote in remotes.values():
        remote.close()


def places(game: Game) -> list[tuple[str, str, type]]:
    return [
        (COMMUNICATION, COMMUNICATION, FrontDoor),
        (MAIN, f"room.{game.x.id}", RoomApi),
        (MAIN, MAIN, ClientApi),
        (REPLICATION, REPLICATION, ClientApi),
    ]


def test_g8_every_argument_of_every_open_method_is_checked(cluster: ClusterControl, game: Game, call: Any) -> None:
    good = {name: values[0] for name, values in good_arguments(game).items()}
    roles = (MAIN, COMMUNICATION, REPLICATION)
    processes = [cluster.process_of(role) for role in roles]
    before = game.x.view()
    calls = 0
    for role, name, kind in places(game):
        for method, arguments in remote_methods(kind):
            for bad in arguments:
                for junk in JUNK:
                    values = [junk if a == bad else new_request_id() if a == MADE_ANEW else good[a] for a in arguments]
                    if bad in NOT_JUNK_FOR and junk in ("", {}, 1.5, True):
                        continue  # which are no junk there, and would change something
                    error = call(role, name, method, *values)
                    calls += 1
                    assert not isinstance(error, (InternalError, InvariantBroken, Unreachable)), (method, bad, junk)
                    assert error is None or not leaks(error, game)
            too_many = [good.get(a, "") for a in arguments] + ["more"]
            assert isinstance(call(role, name, method, *too_many), InvalidArgument)
            if arguments and method not in CAN_BE_CALLED_WITH_NOTHING:
                assert isinstance(call(role, name, method), InvalidArgument)
    assert calls > 1000
    assert game.x.view().board == before.board
    assert processes == [cluster.process_of(role) for role in roles]


def leaks(error: TicTacToeError, game: Game) -> bool:
    """Whether an error says more than it should."""
    text = f"{error} {vars(error)}"
    secrets = (game.ada.token, game.bob.token, "Traceback", ".py", "/home", "/tmp", str(Path.cwd()))
    return any(secret in text for secret in secrets)


@pytest.mark.parametrize("cell", [-1, 9, 1 << 70, True, 0.0, "0", None, [0], {"cell": 0}])
def test_g8_a_move_that_is_none_changes_nothing(game: Game, cell: object) -> None:
    before = game.x.view()
    with pytest.raises(InvalidArgument):
        game.x.move(cell)
    assert game.x.view() == before


@pytest.mark.parametrize(
    "options",
    [{"width": 2}, {"width": 11}, {"in_a_row": 4}, {"width": "3"}, {"height": True}, {"width": None}, {"height": 3.0}],
)
def test_g8_a_board_that_cannot_be_is_refused(connection: Connection, options: dict[str, object]) -> None:
    before = {row.room for row in connection.rooms()}  # the rows of other tests' rooms may still change
    with pytest.raises(InvalidArgument):
        connection.claim(f"carol{next(_numbers)}").create("t", **options)
    assert {row.room for row in connection.rooms()} == before


@pytest.mark.parametrize(
    "name",
    ["", " ", "a" * 21, "a\x00b", "a\nb", "-a", "a--b", "\u202eada", "a\u200bb", "😀", "<b>", "x" + "\u0301\u0316" * 9],
)
def test_g8_a_name_that_cannot_be_is_refused(connection: Connection, name: str) -> None:
    with pytest.raises(InvalidArgument):
        connection.claim(name)


def test_g8_titles_of_all_scripts_are_taken_and_what_turns_text_around_is_not(connection: Connection) -> None:
    carol = connection.claim(f"carol{next(_numbers)}")
    for title in ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "play \U0001f469\u200d\U0001f680"):
        assert carol.create(title).view().title == title
    for title in ("a\u202eb", "a\u2066b", "a\nb", "z" + "\u0301\u0316" * 9):
        with pytest.raises(InvalidArgument, match="title"):
            carol.create(title)


def test_g8_what_is_not_there_is_said_not_to_be_there(connection: Connection, call: Any) -> None:
    with pytest.raises(NoSuchRoom):
        connection.claim(f"carol{next(_numbers)}").room("nosuchroom")
    assert isinstance(call(MAIN, "room.nosuchroom", "view", "t" * 43), NoSuchRoom)
    for method in (
        "nothing",
        "__init__",
        "__class__",
        "_command_service",
        "_check",
        "__getattr__",
        "__setattr__",
        "__dict__",
    ):
        assert isinstance(call(COMMUNICATION, COMMUNICATION, method, "x"), InvalidArgument), method


def test_g8_what_servers_say_to_one_another_is_not_for_anybody(cluster: ClusterControl, game: Game, call: Any) -> None:
    methods = {name for kind in PEER_CLASSES for name, _ in remote_methods(kind)}
    assert {"append", "take_office", "stop", "beat", "create"} <= methods
    for role in (MAIN, COMMUNICATION, REPLICATION):
        # There is no such object where clients are served ...
        for method in sorted(methods):
            assert isinstance(call(role, PEER, method), NoSuchRoom)
        # ... and where it is, nothing is understood without the key.
        for key in (None, b"a wrong key of some length"):
            remote = Proxy(cluster.settings.peer_address_of(role), PEER, key=key)
            for method in ("status", "stand_down", "stop", "standing"):
                with pytest.raises((Forbidden, Unreachable)):
                    remote.call(method, timeout_s=PATIENCE_S)
            remote.close()
    game.play(0, 3)


def can_connect(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00" * 100,
        b"PYRO" + b"\xff" * 60,
        struct.pack("!4sHHHHiHHHH", b"PYRO", 48, 1, 0, 0, 0x7FFFFFF0, 1, 0, 0, 0),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["http", "zeros", "almost", "huge", "tls"],
)
def test_g8_garbage_on_every_port_ends_nothing(cluster: ClusterControl, game: Game, garbage: bytes) -> None:
    roles = (MAIN, COMMUNICATION, REPLICATION)
    ports: list[Address] = [cluster.settings.public_address_of(role) for role in roles]
    ports += [cluster.settings.peer_address_of(role) for role in roles]
    ports += [Address(cluster.settings.metrics_host, cluster.settings.metrics_port_of(role)) for role in roles]
    for role in roles:  # that port is opened a moment after the others
        wait_until(lambda role=role: can_connect(cluster.settings.metrics_port_of(role)))
    pids = [cluster.process_of(role) for role in roles]
    for address in ports:
        with socket.create_connection(address) as connection:
            connection.settimeout(5)
            with contextlib.suppress(OSError):  # it may be closed before all is sent
                connection.sendall(garbage)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass
    game.play(0, 3)
    assert [cluster.process_of(role) for role in roles] == pids
