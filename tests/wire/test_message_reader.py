"""What comes in on a connection: limits of size and kind, before a byte of it is believed."""

from __future__ import annotations

import itertools

import pytest

from verify.fuzz.wire_inputs import BATCH, COMPRESSED, CONNECT, INVOKE, KEEP_SERIALIZED, MSGPACK, SERPENT, message
from wire.errors import TooLarge
from wire.frames import Frame
from wire.message_reader import LARGEST_CALL, LARGEST_HANDSHAKE, LARGEST_TEXT_CALL, MessageReader, RejectedMessage

SKIPPED = 1 << 20


@pytest.fixture
def fresh() -> MessageReader:
    """Before the handshake."""
    return MessageReader(largest=LARGEST_CALL, skipped=SKIPPED)


@pytest.fixture
def reader(fresh: MessageReader) -> MessageReader:
    """After the handshake."""
    fresh.handshake_done = True
    return fresh


def fed(reader: MessageReader, data: bytes) -> Frame | RejectedMessage | None:
    reader.feed(data)
    return reader.next()


def refused(reader: MessageReader, data: bytes) -> RejectedMessage:
    found = fed(reader, data)
    assert isinstance(found, RejectedMessage)
    return found


@pytest.mark.parametrize("piece", [1, 7, 24, 25, 1000, 1 << 20])
def test_messages_come_one_by_one_however_they_are_cut(reader: MessageReader, piece: int) -> None:
    first, second = message(INVOKE, b"first"), message(INVOKE, b"second" * 3000, annotations=b"abcd\x00\x02xy")
    data = first + second
    found = []
    for start in range(0, len(data), piece):
        reader.feed(data[start : start + piece])
        found += list(itertools.takewhile(lambda one: one is not None, iter(reader.next, None)))
    assert [(one.annotations, one.data) for one in found if isinstance(one, Frame)] == [
        (b"", b"first"),
        (b"abcd\x00\x02xy", b"second" * 3000),
    ]
    assert not reader.has_input


def test_half_a_message_is_begun_and_none(reader: MessageReader) -> None:
    whole = message(INVOKE, b"data")
    assert fed(reader, whole[:-1]) is None
    assert reader.has_input
    assert isinstance(fed(reader, whole[-1:]), Frame)


@pytest.mark.parametrize(
    ("serializer", "largest"), [(MSGPACK, LARGEST_CALL), (SERPENT, LARGEST_TEXT_CALL)], ids=["msgpack", "serpent"]
)
def test_a_message_too_large_is_read_past_and_the_next_is_understood(
    reader: MessageReader, serializer: int, largest: int
) -> None:
    data = message(INVOKE, bytes(largest + 1), serializer=serializer) + message(INVOKE, b"next")
    assert fed(reader, data[:5000]) is None
    assert reader.has_input
    past = refused(reader, data[5000:])
    assert isinstance(past.error, TooLarge)
    assert past.serializer == serializer
    following = reader.next()
    assert isinstance(following, Frame)
    assert following.data == b"next"


def test_of_one_that_is_too_large_nothing_is_kept(reader: MessageReader) -> None:
    for _ in range(8):
        assert fed(reader, message(INVOKE, b"", claims=SKIPPED) if not reader.has_input else bytes(1 << 16)) is None
        assert not reader._buffer


@pytest.mark.parametrize("claims", [SKIPPED + 1, -1], ids=["much too large", "below nothing"])
def test_a_length_beyond_all_measure_breaks_the_connection(reader: MessageReader, claims: int) -> None:
    with pytest.raises(ConnectionAbortedError):
        fed(reader, message(INVOKE, b"", claims=claims))


def test_what_is_no_message_breaks_the_connection(reader: MessageReader) -> None:
    with pytest.raises(ConnectionAbortedError):
        fed(reader, b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")


@pytest.mark.parametrize("flag", [COMPRESSED, BATCH, KEEP_SERIALIZED, 0xFFFF])
def test_kinds_that_nobody_needs_are_refused(reader: MessageReader, flag: int) -> None:
    assert "not accepted" in refused(reader, message(INVOKE, b"x", flags=flag)).error.message


@pytest.mark.parametrize("serializer", [0, 2, 3, 4, 5, 7, 42])
def test_other_serializers_are_refused_in_one_that_everybody_reads(reader: MessageReader, serializer: int) -> None:
    assert refused(reader, message(INVOKE, b"x", serializer=serializer)).serializer == SERPENT


def test_before_the_handshake_little_may_be_said(fresh: MessageReader) -> None:
    assert isinstance(refused(fresh, message(CONNECT, bytes(LARGEST_HANDSHAKE + 1))).error, TooLarge)


@pytest.mark.parametrize(("shaken", "kind"), [(False, INVOKE), (True, CONNECT)])
def test_there_is_one_handshake_and_it_comes_first(fresh: MessageReader, shaken: bool, kind: int) -> None:
    fresh.handshake_done = shaken
    assert "handshake" in refused(fresh, message(kind, b"x")).error.message
