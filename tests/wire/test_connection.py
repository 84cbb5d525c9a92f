"""One caller's connection: until when its caller has time, and what becomes of answers that are not taken whole."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from tests.conditions import PATIENCE_S
from tests.wire.serving import NewLoop
from verify.fuzz.wire_inputs import CONNECT, INVOKE, message
from wire.connection_limits import ConnectionSlot
from wire.frames import Frame
from wire.later import Later
from wire.message_reader import LARGEST_CALL, MessageReader
from wire.rpc.connection import HANDSHAKE_S, MESSAGE_S, MESSAGES_AT_ONCE, READ_AT_ONCE, Connection, Disconnect, Message
from wire.rpc.turns import Turns

IDLE_S = 60.0
CAME_AT = 1000.0
LARGE = 1 << 22
"""More bytes than a socket takes at once."""


class Desk:
    """A connection on an event loop that moves only when a test lets it, and the client's end."""

    def __init__(self, new_loop: NewLoop) -> None:
        self.loop = new_loop()
        self.errors: list[object] = []
        self.loop.set_exception_handler(lambda _loop, context: self.errors.append(context["exception"]))
        self.answered: list[bytes] = []
        """The data of the messages that came, after the handshake."""
        self.lost: list[Connection] = []
        self.answer: Callable[[bytes], None] = lambda _data: None
        """What is done for each message."""
        ours, self.client = socket.socketpair()
        self.client.settimeout(10.0)
        ours.setblocking(False)
        self.connection: Connection
        self.loop.run_until_complete(self._connect(ours))

    def pass_turns(self, until: Callable[[], object]) -> None:
        """Let the loop run until that holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < deadline
            self.turn()

    def turn(self) -> None:
        """Let the loop run one turn."""
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()

    def comes(self, data: bytes) -> None:
        """Let the client send this, and the connection read it."""
        read = self.connection.received_at
        self.client.sendall(data)
        self.pass_turns(lambda: self.connection.received_at != read)

    def shake_hands(self) -> None:
        self.comes(message(CONNECT, b""))
        self.connection.is_overdue(CAME_AT)

    def is_late_at(self, since: float, limit_s: float) -> bool:
        """Whether it is late so long after that moment, and not a moment earlier."""
        is_early = self.connection.is_overdue(since + limit_s)
        return not is_early and self.connection.is_overdue(since + limit_s + 0.001)

    def close(self) -> None:
        self.connection.abort()
        self.pass_turns(lambda: self.lost)
        self.client.close()
        self.loop.close()

    async def _connect(self, ours: socket.socket) -> None:
        turns = Turns()
        connection = self.connection = Connection(
            ConnectionSlot("host", CAME_AT),
            MessageReader(largest=LARGEST_CALL, skipped=1 << 20),
            greet=lambda _connection, _message: True,
            answer=self._answer,
            on_lost=self.lost.append,
            on_not_authentic=lambda: None,
            turns=turns,
            idle_s=IDLE_S,
        )
        await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, ours)

    def _answer(self, _connection: Connection[Message], received: Message) -> None:
        assert isinstance(received, Frame)
        self.answered.append(received.data)
        self.answer(received.data)


@pytest.fixture
def fresh(new_loop: NewLoop) -> Iterator[Desk]:
    """Before the handshake."""
    desk = Desk(new_loop)
    yield desk
    desk.close()


@pytest.fixture
def desk(fresh: Desk) -> Desk:
    """After the handshake."""
    fresh.shake_hands()
    return fresh


def call(number: int) -> bytes:
    return message(INVOKE, b"%d" % number)


def test_the_handshake_must_be_quick_also_byte_by_byte(fresh: Desk) -> None:
    for number, byte in enumerate(message(CONNECT, b"hello")[:-1]):
        fresh.comes(bytes([byte]))
        assert not fresh.connection.is_overdue(CAME_AT + number / 10)
    assert fresh.is_late_at(CAME_AT, HANDSHAKE_S)


def test_who_says_nothing_may_do_so_for_a_while_from_the_last_call_on(desk: Desk) -> None:
    assert desk.is_late_at(CAME_AT, IDLE_S)
    desk.comes(call(1))
    assert not desk.connection.is_overdue(CAME_AT + 50)
    assert desk.is_late_at(CAME_AT + 50, IDLE_S)


def test_byte_by_byte_gets_nobody_more_time(desk: Desk) -> None:
    for number, byte in enumerate(message(INVOKE, b"hello")[:-1]):
        desk.comes(bytes([byte]))
        assert not desk.connection.is_overdue(CAME_AT + number / 10)
    assert desk.is_late_at(CAME_AT, MESSAGE_S)


def test_each_message_has_its_own_time(desk: Desk) -> None:
    for number in range(3):
        desk.comes(call(number)[:-1])
        assert not desk.connection.is_overdue(CAME_AT + number * MESSAGE_S)
        desk.comes(call(number)[-1:])
    assert desk.is_late_at(CAME_AT + 2 * MESSAGE_S, MESSAGE_S) is False, "now it is idle"


def test_nothing_needs_to_be_said_while_an_answer_is_deferred(desk: Desk) -> None:
    later = Later()
    desk.answer = lambda _data: desk.connection.defer(later)
    desk.comes(call(1))
    assert not desk.connection.is_overdue(CAME_AT + 1)
    assert not desk.connection.is_overdue(CAME_AT + 1e9)
    desk.connection.send_deferred(b"answer")
    assert not desk.connection.is_overdue(CAME_AT + 1e9), "the time begins once it is answered"
    assert desk.is_late_at(CAME_AT + 1e9, IDLE_S)


def test_what_is_not_taken_at_once_is_sent_later_and_in_order(desk: Desk) -> None:
    first, second = b"a" * LARGE, b"b" * 1000
    desk.connection.send(first)
    desk.connection.send(second)
    desk.client.setblocking(False)
    found = bytearray()

    def receives() -> bool:
        try:
            found.extend(desk.client.recv(1 << 20))
        except BlockingIOError:
            return False
        return len(found) == len(first) + len(second)

    desk.pass_turns(receives)
    assert bytes(found) == first + second


def test_who_does_not_take_an_answer_is_late_for_it(desk: Desk) -> None:
    desk.connection.send(bytes(LARGE))
    assert not desk.connection.is_overdue(CAME_AT + 5)
    desk.client.recv(1)
    desk.turn()
    assert not desk.connection.is_overdue(CAME_AT + 9)
    assert desk.is_late_at(CAME_AT + 5, MESSAGE_S)


def test_while_an_answer_is_not_taken_nothing_more_is_answered_or_read(desk: Desk) -> None:
    desk.answer = lambda _data: desk.connection.send(bytes(LARGE))
    desk.comes(call(1) + call(2))
    read = desk.connection.received_at
    desk.client.sendall(call(3))
    for _ in range(20):
        desk.turn()
    assert desk.answered == [b"1"]
    assert desk.connection.received_at == read
    desk.answer = lambda _data: None
    desk.client.setblocking(False)
    found = 0

    def receives() -> bool:
        nonlocal found
        try:
            found += len(desk.client.recv(1 << 20))
        except BlockingIOError:
            return found == LARGE and len(desk.answered) == 3
        return False

    desk.pass_turns(receives)
    assert desk.answered == [b"1", b"2", b"3"]


def test_others_have_their_turn_after_a_few_messages(desk: Desk) -> None:
    counts = [0]

    def other() -> None:
        counts.append(len(desk.answered))
        desk.loop.call_soon(other)

    desk.client.sendall(b"".join(call(number) for number in range(50)))
    desk.loop.call_soon(other)
    desk.pass_turns(lambda: len(desk.answered) == 50)
    assert max(after - before for before, after in itertools.pairwise(counts)) == MESSAGES_AT_ONCE
    assert desk.answered == [b"%d" % number for number in range(50)]
    assert not desk.connection.is_overdue(CAME_AT)
    assert desk.is_late_at(CAME_AT, IDLE_S)


def test_of_what_comes_before_the_answer_little_is_read(desk: Desk) -> None:
    desk.answer = lambda _data: desk.connection.defer(Later())
    desk.client.setblocking(False)
    sent = 0

    def fills() -> bool:
        nonlocal sent
        try:
            sent += desk.client.send(call(1) * 1000)
        except BlockingIOError:
            return True
        return False

    desk.pass_turns(fills)
    for _ in range(20):
        desk.turn()
    assert fills(), "the client can send no more"
    assert len(desk.answered) == 1
    assert desk.connection._incoming.size <= 4 * READ_AT_ONCE + len(call(1))


def test_an_answer_to_who_is_gone_is_no_error(desk: Desk) -> None:
    desk.client.close()
    for _ in range(10):
        desk.connection.send(b"anybody?")
        desk.turn()
    desk.pass_turns(lambda: desk.lost)
    desk.connection.send(b"nobody")
    assert desk.errors == []


def test_who_goes_away_abandons_the_deferred_answer(desk: Desk) -> None:
    abandoned: list[bool] = []
    later = Later()
    later.on_abandon(lambda: abandoned.append(True))
    desk.answer = lambda _data: desk.connection.defer(later)
    desk.comes(call(1))
    desk.client.close()
    desk.pass_turns(lambda: desk.lost)
    assert abandoned == [True]
    desk.connection.send_deferred(b"nobody hears it")
    assert desk.errors == []


def test_once_a_connection_is_closed_or_broken_no_more_calls_are_carried_out(new_loop: NewLoop) -> None:
    for break_, most in (
        (lambda desk: desk.connection.close(), 1),
        (lambda desk: desk.connection.abort(), 1),
        (lambda desk: desk.connection._transport.abort(), MESSAGES_AT_ONCE),
    ):
        desk = Desk(new_loop)
        desk.shake_hands()
        desk.answer = lambda _data, break_=break_, desk=desk: break_(desk)  # type: ignore[misc]
        desk.client.sendall(b"".join(call(number) for number in range(10)))
        desk.pass_turns(lambda desk=desk: desk.lost)  # type: ignore[misc]
        for _ in range(5):
            desk.turn()
        assert len(desk.answered) == most
        desk.close()


@pytest.mark.parametrize("kind", [ValueError, OSError, ConnectionAbortedError])
def test_a_fault_of_ours_ends_the_connection_and_reaches_the_handler_of_the_loop(
    desk: Desk, kind: type[Exception]
) -> None:
    def fails(_data: bytes) -> None:
        raise kind("a fault of ours")

    desk.answer = fails
    desk.client.sendall(call(1) + call(2))
    desk.pass_turns(lambda: desk.lost)
    assert [type(error) for error in desk.errors] == [kind]
    assert desk.answered == [b"1"]


def test_what_a_client_does_wrong_ends_its_connection_alone(desk: Desk) -> None:
    def ends(_data: bytes) -> None:
        desk.connection.send(b"the reason")
        raise Disconnect("an unacceptable message")

    desk.answer = ends
    desk.client.sendall(call(1) + call(2))
    desk.pass_turns(lambda: desk.lost)
    assert desk.client.recv(100) == b"the reason"
    assert desk.client.recv(100) == b""
    assert (desk.errors, desk.answered) == ([], [b"1"])


def test_what_is_no_message_ends_the_connection(desk: Desk) -> None:
    desk.client.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
    desk.pass_turns(lambda: desk.lost)
    assert desk.errors == []
