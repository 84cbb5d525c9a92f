"""The answers on a caller's connection: whole, of bounded size, or an error."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from wire.errors import TooLarge
from wire.frames import MSGPACK, RESULT, encode
from wire.replies import Replies

LARGEST = 100_000


@pytest.fixture
def wires() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(10.0)
    with ours, theirs:
        yield ours, theirs


def test_answers_come_whole_however_they_are_cut(wires: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = wires
    long = bytes(LARGEST - 1)
    sent = (
        encode(RESULT, 0, 1, MSGPACK, b"short")
        + encode(RESULT, 0, 2, MSGPACK, long)
        + encode(RESULT, 0, 3, MSGPACK, b"")
    )

    def send() -> None:
        for place in range(0, len(sent), 7001):
            theirs.sendall(sent[place : place + 7001])

    threading.Thread(target=send, daemon=True).start()
    answers = Replies(ours, largest=LARGEST)
    assert [(one.sequence, one.data) for one in (answers.next(), answers.next(), answers.next())] == [
        (1, b"short"),
        (2, long),
        (3, b""),
    ]


def test_an_answer_too_large_is_refused_before_it_is_read(wires: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = wires
    theirs.sendall(encode(RESULT, 0, 1, MSGPACK, bytes(LARGEST + 1))[:50])
    with pytest.raises(TooLarge):
        Replies(ours, largest=LARGEST).next()


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(24)])
def test_what_is_no_answer_breaks_the_connection(wires: tuple[socket.socket, socket.socket], said: bytes) -> None:
    ours, theirs = wires
    theirs.sendall(said)
    with pytest.raises(ConnectionAbortedError):
        Replies(ours, largest=LARGEST).next()


def test_the_end_of_the_connection_is_an_error(wires: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = wires
    theirs.sendall(encode(RESULT, 0, 1, MSGPACK, b"half")[:20])
    theirs.close()
    with pytest.raises(ConnectionAbortedError):
        Replies(ours, largest=LARGEST).next()
