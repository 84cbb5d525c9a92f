"""One caller's connection: until when its caller has time, and what becomes of answers that are not taken whole."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from verify.fuzz.wire_inputs import CONNECT, INVOKE, message
from wire.connection_limits import ConnectionSlot
from wire.frames import Frame
from wire.later import Later
from wire.message_reader import LARGEST_CALL, MessageReader
from wire.rpc.connection import HANDSHAKE_S, MESSAGE_S, Connection

IDLE_S = 60.0
CAME_AT = 1000.0


@pytest.fixture
def wires() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def caller(wires: tuple[socket.socket, socket.socket]) -> socket.socket:
    return wires[1]


@pytest.fixture
def unsent() -> list[Connection]:
    return []


@pytest.fixture
def fresh(wires: tuple[socket.socket, socket.socket], unsent: list[Connection]) -> Connection:
    """Before the handshake."""
    incoming = MessageReader(largest=LARGEST_CALL, skipped=1 << 20)
    return Connection(ConnectionSlot(wires[0], "host", CAME_AT), incoming, idle_s=IDLE_S, on_unsent=unsent.append)


@pytest.fixture
def connection(fresh: Connection) -> Connection:
    """After the handshake."""
    fresh.handshake_done(CAME_AT)
    return fresh


def comes(connection: Connection, caller: socket.socket, data: bytes, now: float) -> Frame | None:
    caller.sendall(data)
    connection.receive()
    message = connection.incoming.next()
    connection.set_deadline(now)
    assert message is None or isinstance(message, Frame)
    return message


def late_at(connection: Connection, since: float, limit_s: float) -> bool:
    """Whether it is late so long after that moment, and not a moment earlier."""
    return not connection.is_overdue(since + limit_s) and connection.is_overdue(since + limit_s + 0.001)


def test_the_handshake_must_be_quick_also_byte_by_byte(fresh: Connection, caller: socket.socket) -> None:
    for number, byte in enumerate(message(CONNECT, b"hello")[:-1]):
        assert comes(fresh, caller, bytes([byte]), CAME_AT + number / 10) is None
    assert late_at(fresh, CAME_AT, HANDSHAKE_S)


def test_who_says_nothing_may_do_so_for_a_while_from_the_last_call_on(
    connection: Connection, caller: socket.socket
) -> None:
    assert late_at(connection, CAME_AT, IDLE_S)
    assert comes(connection, caller, message(INVOKE, b"x"), CAME_AT + 50) is not None
    assert late_at(connection, CAME_AT + 50, IDLE_S)


def test_byte_by_byte_gets_nobody_more_time(connection: Connection, caller: socket.socket) -> None:
    for number, byte in enumerate(message(INVOKE, b"hello")[:-1]):
        assert comes(connection, caller, bytes([byte]), CAME_AT + number) is None
    assert late_at(connection, CAME_AT, MESSAGE_S)


def test_nothing_needs_to_be_said_while_an_answer_is_deferred(connection: Connection, caller: socket.socket) -> None:
    later = Later()
    connection.defer(later)
    assert comes(connection, caller, b"", CAME_AT) is None
    assert not connection.is_overdue(CAME_AT + 1e9)
    connection.send_deferred(b"answer")
    assert not connection.is_overdue(CAME_AT + 1e9), "the time begins once it is answered"
    assert late_at(connection, CAME_AT + 1e9, IDLE_S)


def test_what_is_not_taken_at_once_is_sent_later_and_in_order(
    connection: Connection, caller: socket.socket, unsent: list[Connection]
) -> None:
    first, second = b"a" * (1 << 22), b"b" * 1000
    connection.send_soon(first)
    assert unsent == [connection]
    connection.send(second)
    found = bytearray()
    while connection.unsent:
        found += caller.recv(1 << 20)
        connection.send_rest()
    caller.setblocking(False)
    while len(found) < len(first) + len(second):
        found += caller.recv(1 << 20)
    assert bytes(found) == first + second


def test_who_does_not_take_an_answer_is_late_for_it(connection: Connection, caller: socket.socket) -> None:  # noqa: ARG001
    connection.send(bytes(1 << 24))
    connection.set_deadline(CAME_AT + 5)
    connection.send_rest()
    connection.set_deadline(CAME_AT + 9)
    assert late_at(connection, CAME_AT + 5, MESSAGE_S)


def test_an_answer_to_who_is_gone_ends_the_connection_and_is_no_error(
    connection: Connection, caller: socket.socket
) -> None:
    caller.close()
    for _ in range(3):
        connection.send(b"anybody?")
    assert connection.ended
    connection.close()
    connection.send_soon(b"nobody")
    assert not connection.unsent
