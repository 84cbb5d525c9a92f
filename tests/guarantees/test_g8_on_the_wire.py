"""G8 below the calls: messages made to cost, to leak or to run code, at servers and at clients."""

from __future__ import annotations

import contextlib
import pickle  # noqa: TID251  # what an impostor sends; nothing here reads it
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgpack
import pytest

from client import connect
from server.control.cluster import ClusterControl
from server.settings import ROOT
from tests.conditions import PATIENCE_S
from tests.conftest import Game, new_names, whole_and_empty
from tests.raw import RawCaller
from verify.fuzz.wire_inputs import (
    BATCH,
    COMPRESSED,
    CONNECT,
    CONNECTED,
    FAILED,
    INVOKE,
    KEEP_SERIALIZED,
    META,
    MSGPACK,
    RESULT,
    SERPENT,
    message,
)
from verify.testbed.attack_surface import AttackSurface
from wire import COMMUNICATION, MAIN, PEER, REPLICATION
from wire.errors import Forbidden, TicTacToeError, Unreachable
from wire.message_reader import LARGEST_TEXT_CALL
from wire.rpc import Address, Proxy, look_up

MEGABYTE = 1 << 20
PICKLE = 4
UNITS = [b"[],", b"1,", b"'a',", b"+1", b"+1j", b"f'{1}'", b"9", b"-", b"[", b"not ", b".a", b"()"]


@pytest.fixture
def cluster(lasting_cluster: ClusterControl) -> ClusterControl:
    """A cluster that is whole, without rooms of other tests."""
    return whole_and_empty(lasting_cluster)


@pytest.fixture
def game(cluster: ClusterControl) -> Iterator[Game]:
    """A game of two people that no other test has."""
    with (
        connect(cluster.name_server, deadline_s=PATIENCE_S) as connection,
        contextlib.closing(Game(connection, new_names("ada", "bob"))) as game,
    ):
        yield game


@pytest.fixture
def caller(cluster: ClusterControl) -> Iterator[RawCaller]:
    caller = RawCaller(cluster.settings.public_address_of(MAIN))
    yield caller
    caller.close()


@pytest.mark.parametrize("size", [MEGABYTE - 100, LARGEST_TEXT_CALL - 100], ids=["1 MB", "the most"])
def test_g8_texts_that_cost_a_parser_much_cost_a_server_little(cluster: ClusterControl, game: Game, size: int) -> None:
    exposed = AttackSurface(cluster)
    before, memory = exposed.processes(), exposed.memory_mb()[MAIN]
    codes = set()

    def throw() -> None:
        thrower = RawCaller(cluster.settings.public_address_of(MAIN))
        for unit in UNITS:
            text = b"[1" + unit * ((size - 4) // len(unit)) + b"]"
            codes.add(thrower.send(MAIN, message(INVOKE, text, serializer=SERPENT)).code)
        thrower.close()

    threads = [threading.Thread(target=throw) for _ in range(8)]
    for thread in threads:
        thread.start()
    game.play(4, 0, 8)
    for thread in threads:
        thread.join()
    assert codes == ({"too_large"} if size > LARGEST_TEXT_CALL else {"invalid_argument"})
    assert exposed.processes() == before
    assert exposed.memory_mb()[MAIN] < memory + 60


def test_g8_texts_of_callers_do_not_fill_the_log() -> None:
    look = 'import ast, wire.rpc; ast.literal_eval("[\'" + chr(92) + "d\']")'
    command = [sys.executable, "-W", "default", "-c", look]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "invalid escape" not in said.stderr


def test_g8_an_answer_in_another_serializer_tells_nothing(caller: RawCaller) -> None:
    for serializer in (0, 2, 3, PICKLE, 5, 7):
        answer = caller.send(MAIN, message(INVOKE, b"x", serializer=serializer))
        assert answer.code == "invalid_argument"
        assert b"Traceback" not in answer.raw
        assert b".py" not in answer.raw


@pytest.mark.parametrize("flag", [COMPRESSED, BATCH, KEEP_SERIALIZED])
def test_g8_kinds_of_calls_that_nobody_needs_are_refused(caller: RawCaller, flag: int) -> None:
    blob = b"BLBI" + struct.pack("!H", 4) + b"\xff\xff\xff\xff"
    data = msgpack.packb((MAIN, "describe", [["describe", [], {}]] * 1000, {}))
    answer = caller.send(MAIN, message(INVOKE, data, flags=flag, annotations=blob))
    assert answer.code == "invalid_argument"
    assert caller.call(MAIN, "describe", [], {}).code is None, "the connection goes on"


def test_g8_what_a_caller_names_does_not_become_an_object(game: Game, cluster: ClusterControl) -> None:
    caller = RawCaller(cluster.settings.public_address_of(MAIN))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        state = [f"PYRO:x@127.0.0.1:{port}", [], [], [], 0.0, "", "", 0, "msgpack"]
        proxy = {"__class__": "Pyro4.core.Proxy", "state": state}
        place = f"room.{game.x.id}"
        for serializer in (MSGPACK, SERPENT):
            for arguments in ([proxy, "r" * 12, 0], [game.ada.token, "r" * 12, proxy], [game.ada.token, proxy, 0]):
                answer = caller.call(place, "move", arguments, {}, serializer=serializer)
                assert answer.code == "invalid_argument"
        listening.settimeout(0)
        with pytest.raises(BlockingIOError):
            listening.accept()
    caller.close()


def test_g8_a_signature_is_asked_for_before_much_is_read(cluster: ClusterControl, game: Game) -> None:
    for role in (MAIN, COMMUNICATION, REPLICATION):
        with socket.create_connection(cluster.settings.peer_address_of(role), 5) as connection:
            connection.sendall(message(CONNECT, bytes(100_000)))
            assert b"larger than" in connection.recv(4096)
        stranger = Proxy(cluster.settings.peer_address_of(role), PEER, key=b"x" * 32)
        with pytest.raises((Forbidden, Unreachable)):
            stranger.call("status", timeout_s=PATIENCE_S)
        stranger.close()
    game.play(0)


# -- clients, of servers that are none -----------------------------------------------------------------------------

Answers = Callable[[list[bytes]], Address]


@pytest.fixture
def impostor() -> Iterator[Answers]:
    """Something that takes connections and answers each message with the next of what it was given."""
    sockets: list[socket.socket] = []

    def answering(answers: list[bytes]) -> Address:
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)

        def serve() -> None:
            connection, _ = listening.accept()
            sockets.append(connection)
            with contextlib.suppress(OSError):  # the test may be over by now
                for answer in answers:
                    connection.recv(1 << 16)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return Address("127.0.0.1", listening.getsockname()[1])

    yield answering
    for opened in sockets:
        opened.close()


class Planted:
    """What would run at whoever reads it with pickle."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self._file,))


META_ANSWER = message(
    CONNECTED,
    msgpack.packb(
        {"handshake": "hello", "meta": {"methods": ["lookup", "ping", "describe"], "oneway": [], "attrs": []}}
    ),
    flags=META,
)


@pytest.mark.parametrize("kind", [CONNECTED, FAILED])
def test_g8_an_answer_runs_no_code_at_its_reader(impostor: Answers, tmp_path: Path, kind: int) -> None:
    planted = tmp_path / "planted"
    remote = Proxy(impostor([message(kind, pickle.dumps(Planted(planted)), serializer=PICKLE)]), "x")
    with pytest.raises(TicTacToeError):
        remote.call("describe", timeout_s=PATIENCE_S)
    assert not planted.exists()
    remote.close()


def test_g8_an_answer_cannot_end_its_reader(impostor: Answers) -> None:
    ends = {"__class__": "builtins.SystemExit", "__exception__": True, "args": [0], "attributes": {}}
    remote = Proxy(impostor([META_ANSWER, message(RESULT, msgpack.packb(ends), flags=1)]), "x")
    with pytest.raises(TicTacToeError):
        remote.call("describe", timeout_s=PATIENCE_S)
    remote.close()


@pytest.mark.parametrize("address", ["PYRO:main_server@./u:/nowhere", "PYRONAME:main_server", "PYROMETA:a"])
def test_g8_a_name_server_may_be_told_anything(cluster: ClusterControl, game: Game, address: str) -> None:
    names = Proxy(cluster.settings.name_server, "Pyro.NameServer", serializer="serpent")
    names.call("register", "nonsense", address, timeout_s=PATIENCE_S)
    names.call("register", COMMUNICATION, address, timeout_s=PATIENCE_S)
    with pytest.raises(Unreachable):
        look_up(cluster.settings.name_server, "nonsense", timeout_s=PATIENCE_S)
    names.close()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as again:
        assert [row.room for row in again.rooms()] == [game.x.id]
