"""The handshake and the tags of the link, without sockets: a message counts once, on its own connection, in its place.

Somebody on the way has every byte of every connection, and can do nothing with them but break connections.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.errors import InvariantBroken
from server.replication.link import channel
from server.replication.link.channel import LARGEST_GREETING, LENGTH, Channel, frame, initiate, refusal, respond
from server.replication.link.encoding import LARGEST_MESSAGE
from wire.authentication import NotAuthentic
from wire.errors import Busy, Forbidden, ProtocolMismatch, TicTacToeError

KEY = b"the key of the link"


class Line:
    """Two ends, and the bytes that each has sent and the other has not received."""

    def __init__(self, key: bytes = KEY, other_key: bytes = KEY) -> None:
        self.sent_by_main: list[bytes] = []
        self.sent_by_replica: list[bytes] = []
        self.main = Channel(initiate, key, self.sent_by_main.append)
        self.replica = Channel(respond, other_key, self.sent_by_replica.append)
        self.recorded: list[bytes] = []
        """All that the main server's end has sent."""

    def pass_on(self) -> tuple[list[bytes], list[bytes]]:
        """Pass on what was sent until there is nothing more. Return what the replica and the main server received."""
        at_replica: list[bytes] = []
        at_main: list[bytes] = []
        while self.sent_by_main or self.sent_by_replica:
            for data in taken(self.sent_by_main):
                self.recorded.append(data)
                at_replica += received(self.replica, data)
            for data in taken(self.sent_by_replica):
                at_main += received(self.main, data)
        return at_replica, at_main


def taken(sent: list[bytes]) -> list[bytes]:
    now = sent[:]
    sent.clear()
    return now


def received(end: Channel, data: bytes) -> list[bytes]:
    end.feed(data)
    messages = []
    while (message := end.next()) is not None:
        if end.handshake_done:
            messages.append(message)
        else:
            end.greet(message)
    return messages


@pytest.fixture
def line() -> Line:
    return opened()


def opened() -> Line:
    line = Line()
    line.pass_on()
    assert line.main.handshake_done
    assert line.replica.handshake_done
    return line


def test_after_the_handshake_messages_go_both_ways(line: Line) -> None:
    line.main.send(b"one")
    line.main.send(b"")
    line.replica.send(b"answer")
    assert line.pass_on() == ([b"one", b""], [b"answer"])


def test_no_message_before_the_end_of_the_handshake() -> None:
    line = Line()
    for end in (line.main, line.replica):
        with pytest.raises(InvariantBroken):
            end.send(b"one")


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5), st.lists(st.integers(min_value=1, max_value=90)))
def test_any_cut_of_the_bytes_gives_the_same_messages(messages: list[bytes], sizes: list[int]) -> None:
    line, found = Line(), []
    received(line.replica, taken(line.sent_by_main)[0])
    received(line.main, taken(line.sent_by_replica)[0])
    for message in messages:
        line.main.send(message)  # with the last message of the handshake before it
    data = b"".join(taken(line.sent_by_main))
    for size in sizes:
        found += received(line.replica, data[:size])
        data = data[size:]
    assert found + received(line.replica, data) == messages


@pytest.mark.parametrize(("key", "other_key"), [(b"another", KEY), (KEY, b"another"), (b"", KEY)])
def test_another_key_is_refused(key: bytes, other_key: bytes) -> None:
    line = Line(key, other_key)
    with pytest.raises(NotAuthentic):
        received(line.replica, line.sent_by_main[0])
    with pytest.raises(Forbidden):
        received(line.main, line.sent_by_replica[0])
    assert not line.main.handshake_done
    assert not line.replica.handshake_done


def test_another_version_is_refused_with_what_to_upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    monkeypatch.setattr(channel, "LINK_PROTOCOL", 2)
    newer = Channel(initiate, KEY, line.sent_by_main.append)
    monkeypatch.undo()
    with pytest.raises(NotAuthentic):
        received(line.replica, line.sent_by_main[-1])
    with pytest.raises(ProtocolMismatch, match="replication first, then main, then communication"):
        received(newer, line.sent_by_replica[0])


def test_a_replica_without_the_key_is_no_replica() -> None:
    line = Line()
    received(line.replica, line.sent_by_main[0])
    (challenge,) = taken(line.sent_by_replica)
    with pytest.raises(NotAuthentic):
        received(line.main, challenge[:-1] + bytes([challenge[-1] ^ 1]))
    assert not line.main.handshake_done


@pytest.mark.parametrize("kind", [Busy, Forbidden, ProtocolMismatch])
def test_a_refusal_has_the_sentence_of_this_end(kind: type[TicTacToeError]) -> None:
    line = Line()
    with pytest.raises(kind):
        received(line.main, refusal(kind))


def test_an_unknown_refusal_breaks_the_connection() -> None:
    line = Line()
    with pytest.raises(ConnectionAbortedError):
        received(line.main, frame(b"\0anything"))


def test_a_recorded_connection_cannot_be_played_again(line: Line) -> None:
    line.main.send(b"stop")
    line.pass_on()
    again = Line()
    hello, proof, *messages = line.recorded
    assert received(again.replica, hello) == []
    with pytest.raises(NotAuthentic):
        received(again.replica, proof)
    assert not again.replica.handshake_done
    with pytest.raises((NotAuthentic, ConnectionAbortedError)):
        received(again.replica, messages[0])


def flipped(data: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(data))


TRICKS: dict[str, Callable[[Line, list[bytes]], list[bytes]]] = {
    "repeated": lambda _line, sent: [sent[0], sent[0]],
    "moved": lambda _line, sent: [sent[1], sent[0]],
    "left out": lambda _line, sent: [sent[1]],
    "from an earlier place": lambda line, sent: [line.recorded[2], *sent],
    "of another connection": lambda _line, sent: [sent_on_another(), *sent],
    "returned to its sender": lambda line, sent: [answer_of(line), *sent],
    "without its tag": lambda _line, sent: [frame(sent[0][LENGTH.size + 32 :]), *sent],
    "shorter than a tag": lambda _line, sent: [frame(b"x" * 31), *sent],
    "empty": lambda _line, sent: [frame(b""), *sent],
}


def sent_on_another() -> bytes:
    other = opened()
    other.main.send(b"earlier")
    other.pass_on()
    other.main.send(b"one")
    return other.sent_by_main[0]


def answer_of(line: Line) -> bytes:
    line.replica.send(b"one")
    return line.sent_by_replica[0]


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_a_message_out_of_its_place_ends_the_session(line: Line, trick: Callable[..., list[bytes]]) -> None:
    line.main.send(b"earlier")
    line.pass_on()
    line.main.send(b"one")
    line.main.send(b"two")
    played = b"".join(trick(line, taken(line.sent_by_main)))
    with pytest.raises(NotAuthentic):
        received(line.replica, played)
    line.main.send(b"three")
    with pytest.raises(NotAuthentic):
        received(line.replica, line.sent_by_main[0])


@given(st.integers(min_value=0, max_value=8 * (32 + 5) - 1))
def test_a_changed_bit_ends_the_session(bit: int) -> None:
    line = opened()
    line.main.send(b"hello")
    (data,) = taken(line.sent_by_main)
    length, rest = data[: LENGTH.size], data[LENGTH.size :]
    with pytest.raises(NotAuthentic):
        received(line.replica, length + flipped(rest, bit))


@given(st.binary(max_size=300))
def test_g8_any_bytes_end_the_connection_or_wait_for_more(data: bytes) -> None:
    for end in (Line().main, Line().replica, opened().main, opened().replica):
        try:
            assert received(end, data) == []
        except (NotAuthentic, ConnectionAbortedError, TicTacToeError) as error:
            assert not isinstance(error, InvariantBroken)  # noqa: PT017  # any of the others will do


def test_g9_before_the_handshake_only_short_frames_are_accepted() -> None:
    for end in (Line().main, Line().replica):
        with pytest.raises(ConnectionAbortedError):
            received(end, LENGTH.pack(LARGEST_GREETING + 1))


def test_g9_after_the_handshake_the_limit_is_that_between_servers(line: Line) -> None:
    assert received(line.replica, LENGTH.pack(32 + LARGEST_MESSAGE)) == []
    with pytest.raises(ConnectionAbortedError):
        received(opened().replica, LENGTH.pack(32 + LARGEST_MESSAGE + 1))
