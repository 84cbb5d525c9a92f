"""Answers that come later: from any thread, once, to whoever wants them; and on the wire in the order of the calls."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import msgpack
import pytest

from game.errors import NotYourTurn, TicTacToeError
from tests.conditions import PATIENCE_S
from tests.wire.serving import LoopThread, NewLoop, endpoint_at, serving
from verify.fuzz.wire_inputs import handshake
from wire.arguments import remote, text
from wire.frames import EXCEPTION, INVOKE, MSGPACK, ONEWAY, encode
from wire.later import Later, Shared, answered, failed
from wire.replies import Replies
from wire.rpc import Address, Proxy


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline


def test_who_asks_before_is_told_when_it_is_there_and_who_asks_after_at_once() -> None:
    later, told = Later(), list[object]()
    later.then(lambda value, _error: told.append(("before", value)))
    assert not later.settled
    later.answer(5)
    later.then(lambda value, _error: told.append(("after", value)))
    assert told == [("before", 5), ("after", 5)]


def test_an_error_is_told_in_place_of_the_answer() -> None:
    told: list[object] = []
    error = NotYourTurn("wait")
    failed(error).then(lambda value, error: told.append((value, error)))
    answered(1).then(lambda value, error: told.append((value, error)))
    assert told == [(None, error), (1, None)]


def test_what_is_abandoned_is_said_once_nobody_wants_it_but_not_of_what_is_settled() -> None:
    open_, done, abandoned = Later(), Later(), list[str]()
    open_.on_abandon(lambda: abandoned.append("open"))
    done.on_abandon(lambda: abandoned.append("done"))
    done.answer(None)
    open_.abandon()
    done.abandon()
    assert abandoned == ["open"]


def test_what_many_get_is_written_once() -> None:
    written: list[object] = []

    def write(value: object) -> bytes:
        written.append(value)
        return b"bytes"

    shared = Shared("news")
    assert [shared.written(MSGPACK, write) for _ in range(3)] == [b"bytes"] * 3
    assert written == ["news"]


class Slow:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked: dict[str, Later] = {}
        self.abandoned: list[str] = []
        self.thread: LoopThread

    def answer(self, name: str, value: object) -> None:
        self.thread.do(self.asked[name].answer, value)

    def fail(self, name: str, error: TicTacToeError) -> None:
        self.thread.do(self.asked[name].fail, error)

    @remote(name=text(longest=20))
    def ask(self, name: str) -> Later:
        """Answer later."""
        later = Later()
        later.on_abandon(lambda: self.abandoned.append(name))
        self.asked[name] = later
        return later


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def address(slow: Slow, new_loop: NewLoop) -> Iterator[Address]:
    endpoint = endpoint_at(Address("127.0.0.1", 0))
    endpoint.offer("slow", slow)
    with serving(endpoint, new_loop=new_loop) as slow.thread:
        yield Address("127.0.0.1", endpoint.port)


def test_a_caller_gets_the_answer_or_the_error_that_comes_later(slow: Slow, address: Address) -> None:
    caller = Proxy(address, "slow")
    outcomes: list[object] = []

    def call(name: str) -> None:
        try:
            outcomes.append(caller.call("ask", name, timeout_s=PATIENCE_S))
        except TicTacToeError as error:
            outcomes.append(error.code)

    for name in ("good", "bad"):
        calling = threading.Thread(target=call, args=(name,))
        calling.start()
        until(lambda name=name: name in slow.asked)  # type: ignore[misc]
        if name == "good":
            slow.answer(name, {"x": 1})
        else:
            slow.fail(name, NotYourTurn("no"))
        calling.join()
    assert outcomes == [{"x": 1}, NotYourTurn.code]


def all_that_comes(connection: socket.socket) -> bytes:
    found = bytearray()
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(1 << 16):
            found += piece
    return bytes(found)


class Early:
    """A caller that does not wait for answers before it calls again."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, PATIENCE_S)
        self.answers = Replies(self.socket, largest=1 << 16)
        self.socket.sendall(handshake("slow"))
        self.answers.next()

    def ask(self, number: int, name: str, flags: int = 0) -> None:
        self.socket.sendall(encode(INVOKE, flags, number, MSGPACK, msgpack.packb(("slow", "ask", (name,), {}))))


def test_a_second_call_that_comes_too_early_waits_for_the_answer_to_the_first(slow: Slow, address: Address) -> None:
    early = Early(address)
    with early.socket:
        early.ask(1, "first")
        early.ask(2, "second")
        until(lambda: "first" in slow.asked)
        slow.answer("first", 1)
        until(lambda: "second" in slow.asked)
        slow.answer("second", 2)
        answers = [early.answers.next() for _ in range(2)]
    assert [(answer.sequence, msgpack.unpackb(answer.data)) for answer in answers] == [(1, 1), (2, 2)]


def test_a_call_that_wants_no_answer_gets_none_later_either(slow: Slow, address: Address) -> None:
    early = Early(address)
    with early.socket:
        early.ask(1, "one way", ONEWAY)
        until(lambda: "one way" in slow.asked)
        slow.answer("one way", "nobody listens")
        early.ask(2, "and back")
        until(lambda: "and back" in slow.asked)
        slow.answer("and back", 2)
        assert early.answers.next().sequence == 2


def test_an_answer_that_cannot_be_written_is_an_error_and_hurts_nobody_who_settles_it(
    slow: Slow, address: Address
) -> None:
    early = Early(address)
    with early.socket:
        early.ask(1, "unwritable")
        until(lambda: "unwritable" in slow.asked)
        slow.answer("unwritable", "\ud800")
        answer = early.answers.next()
    assert answer.flags == EXCEPTION


def test_who_goes_away_wants_no_answer(slow: Slow, address: Address) -> None:
    early = Early(address)
    early.ask(1, "gone")
    until(lambda: "gone" in slow.asked)
    early.socket.close()
    until(lambda: slow.abandoned == ["gone"])
    slow.answer("gone", "nobody hears it")


def test_who_takes_the_answer_slowly_holds_nobody_up_and_gets_it_all(slow: Slow, address: Address) -> None:
    early, other = Early(address), Early(address)
    with early.socket, other.socket:
        early.ask(1, "reads slowly")
        other.ask(1, "other")
        until(lambda: len(slow.asked) == 2)
        slow.answer("reads slowly", bytes(1 << 25))
        slow.answer("other", 2)
        assert msgpack.unpackb(other.answers.next().data) == 2
        answer = Replies(early.socket, largest=1 << 26).next()
    assert len(answer.data) > 1 << 25


def test_who_does_not_take_the_answer_is_cut_off(slow: Slow, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wire.rpc.connection.MESSAGE_S", 0.1)
    early = Early(address)
    with early.socket:
        early.ask(1, "never reads")
        until(lambda: "never reads" in slow.asked)
        slow.answer("never reads", bytes(1 << 25))
        with pytest.raises(ConnectionError):
            until(lambda: early.socket.send(b"x") == 0)
        assert len(all_that_comes(early.socket)) < 1 << 25


def test_an_error_that_cannot_be_written_is_told_in_other_words(slow: Slow, address: Address) -> None:
    early = Early(address)
    with early.socket:
        early.ask(1, "unwritable")
        until(lambda: "unwritable" in slow.asked)
        slow.fail("unwritable", NotYourTurn("\ud800"))
        answer = early.answers.next()
    assert answer.flags == EXCEPTION
    assert b"internal_error" in answer.data
