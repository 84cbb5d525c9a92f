"""What comes in on a connection: limits of size, kind and time, before a byte of it is believed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from client.hostile.garbage import BATCH, COMPRESSED, CONNECT, INVOKE, KEEP_SERIALIZED, MSGPACK, SERPENT, message
from wire import incoming
from wire.errors import TooLarge
from wire.incoming import LARGEST_CALL, LARGEST_HANDSHAKE, LARGEST_TEXT_CALL, Incoming, RefusedMessage

HEADER = len(message(INVOKE, b""))
SKIPPED = 1 << 20


@pytest.fixture
def wires() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def caller(wires: tuple[socket.socket, socket.socket]) -> socket.socket:
    return wires[1]


@pytest.fixture
def fresh(wires: tuple[socket.socket, socket.socket]) -> Incoming:
    """Before the handshake."""
    return Incoming(wires[0], largest=LARGEST_CALL, skipped=SKIPPED, idle_s=5.0)


@pytest.fixture
def reader(fresh: Incoming) -> Incoming:
    """After the handshake."""
    fresh.shaken()
    return fresh


def send(caller: socket.socket, data: bytes) -> None:
    """Send without waiting for who reads."""
    threading.Thread(target=caller.sendall, args=(data,), daemon=True).start()


def test_messages_come_one_by_one_however_they_are_cut(reader: Incoming, caller: socket.socket) -> None:
    first, second = message(INVOKE, b"first"), message(INVOKE, b"second" * 3000, annotations=b"abcd\x00\x02xy")
    send(caller, first + second)
    assert reader.read(HEADER) == first[:HEADER]
    assert reader.read(5) == b"first"
    assert reader.read(HEADER) == second[:HEADER]
    assert reader.read(8) == b"abcd\x00\x02xy"
    assert reader.read(18_000) == b"second" * 3000


@pytest.mark.parametrize(
    ("serializer", "largest"), [(MSGPACK, LARGEST_CALL), (SERPENT, LARGEST_TEXT_CALL)], ids=["msgpack", "serpent"]
)
def test_a_message_too_large_is_read_past_and_the_next_is_understood(
    reader: Incoming, caller: socket.socket, serializer: int, largest: int
) -> None:
    send(caller, message(INVOKE, bytes(largest + 1), serializer=serializer) + message(INVOKE, b"next"))
    with pytest.raises(RefusedMessage) as refused:
        reader.read(HEADER)
    assert isinstance(refused.value.error, TooLarge)
    assert refused.value.serializer == serializer
    assert reader.read(HEADER) == message(INVOKE, b"next")[:HEADER]
    assert reader.read(4) == b"next"


def test_one_that_is_much_too_large_breaks_the_connection(reader: Incoming, caller: socket.socket) -> None:
    send(caller, message(INVOKE, b"", claims=SKIPPED + 1))
    with pytest.raises(ConnectionAbortedError):
        reader.read(HEADER)


def test_a_length_below_nothing_breaks_the_connection(reader: Incoming, caller: socket.socket) -> None:
    send(caller, message(INVOKE, b"", claims=-1))
    with pytest.raises(ConnectionAbortedError):
        reader.read(HEADER)


@pytest.mark.parametrize("flag", [COMPRESSED, BATCH, KEEP_SERIALIZED, 0xFFFF])
def test_kinds_that_nobody_needs_are_refused(reader: Incoming, caller: socket.socket, flag: int) -> None:
    send(caller, message(INVOKE, b"x", flags=flag))
    with pytest.raises(RefusedMessage, match="not accepted"):
        reader.read(HEADER)


@pytest.mark.parametrize("serializer", [0, 2, 3, 4, 5, 7, 42])
def test_other_serializers_are_refused_in_one_that_everybody_reads(
    reader: Incoming, caller: socket.socket, serializer: int
) -> None:
    send(caller, message(INVOKE, b"x", serializer=serializer))
    with pytest.raises(RefusedMessage) as refused:
        reader.read(HEADER)
    assert refused.value.serializer == SERPENT


def test_before_the_handshake_little_may_be_said(fresh: Incoming, caller: socket.socket) -> None:
    send(caller, message(CONNECT, bytes(LARGEST_HANDSHAKE + 1)))
    with pytest.raises(RefusedMessage):
        fresh.read(HEADER)


@pytest.mark.parametrize(("shaken", "kind"), [(False, INVOKE), (True, CONNECT)])
def test_there_is_one_handshake_and_it_comes_first(
    fresh: Incoming, caller: socket.socket, shaken: bool, kind: int
) -> None:
    if shaken:
        fresh.shaken()
    send(caller, message(kind, b"x"))
    with pytest.raises(RefusedMessage, match="handshake"):
        fresh.read(HEADER)


def test_byte_by_byte_gets_nobody_more_time(
    monkeypatch: pytest.MonkeyPatch, wires: tuple[socket.socket, socket.socket]
) -> None:
    monkeypatch.setattr(incoming, "HANDSHAKE_S", 0.3)
    slow = Incoming(wires[0], largest=LARGEST_CALL, skipped=SKIPPED, idle_s=60.0)
    stop = threading.Event()

    def drip() -> None:
        for byte in message(CONNECT, bytes(1000)):
            if stop.wait(0.05):
                return
            wires[1].sendall(bytes([byte]))

    dripping = threading.Thread(target=drip, daemon=True)
    dripping.start()
    with pytest.raises(TimeoutError):
        slow.read(HEADER)
    stop.set()
    dripping.join()


def test_who_does_not_take_an_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, reader: Incoming) -> None:
    monkeypatch.setattr(incoming, "MESSAGE_S", 0.2)
    with pytest.raises(TimeoutError):
        reader.write(bytes(1 << 24))
