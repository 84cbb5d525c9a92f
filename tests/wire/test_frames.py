"""Messages as bytes: the library reads what we write, and we read what it writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from Pyro4.message import Message  # noqa: TID251  # the library itself is the other side

from wire.authentication import TAG_BYTES
from wire.frames import HEADER, INVOKE, MSGPACK, Frame, encode, has_library_signature, head_of, token_of

KEY = b"the cluster's key"


class Pipe:
    """Bytes that are there already, as the library reads them."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def recv(self, size: int) -> bytes:
        piece, self._data = self._data[:size], self._data[size:]
        return piece

    def close(self) -> None:
        self._data = b""


def frame_of(data: bytes) -> Frame:
    head, rest = head_of(data[: HEADER.size]), data[HEADER.size :]
    assert len(rest) == head.annotations_size + head.data_size
    return Frame(*head[:4], rest[: head.annotations_size], rest[head.annotations_size :], data[: HEADER.size])


@given(data=st.binary(max_size=300), sequence=st.integers(0, 0xFFFF), token=st.sampled_from([None, bytes(65)]))
def test_the_library_reads_what_is_written_here(data: bytes, sequence: int, token: bytes | None) -> None:
    prove = None if token is None else (lambda _header, _data: token)
    read = Message.recv(Pipe(encode(INVOKE, 1, sequence, MSGPACK, data, prove, 65)))
    assert read.annotations.get("AUTH") == token
    assert (read.type, read.flags, read.seq, read.serializer_id, read.data) == (INVOKE, 1, sequence, MSGPACK, data)


@given(
    data=st.binary(max_size=300),
    annotations=st.dictionaries(st.sampled_from(["CORR", "ABCD", "ZZZZ"]), st.binary(max_size=20)),
    key=st.sampled_from([None, KEY]),
)
def test_what_the_library_writes_is_read_here(data: bytes, annotations: dict[str, bytes], key: bytes | None) -> None:
    written = Message(INVOKE, data, MSGPACK, 0, 7, annotations=annotations, hmac_key=key).to_bytes()
    frame = frame_of(written)
    assert (frame.kind, frame.sequence, frame.data) == (INVOKE, 7, data)
    assert has_library_signature(frame) is (key is not None)


@given(place=st.integers(0, HEADER.size - 1), change=st.integers(1, 255))
def test_a_header_of_which_a_byte_is_wrong_is_none(place: int, change: int) -> None:
    header = bytearray(encode(INVOKE, 0, 1, MSGPACK, b"data")[: HEADER.size])
    unchecked = (12, 13, 20, 21)  # the higher half of the size, which has limits of its own, and what is reserved
    header[place] ^= change
    if place in unchecked:
        head_of(bytes(header))
    else:
        with pytest.raises(ConnectionAbortedError):
            head_of(bytes(header))


@pytest.mark.parametrize("size", [TAG_BYTES, 1, 65])
def test_a_token_is_read_as_it_was_written_and_covers_header_and_data(size: int) -> None:
    covered: list[bytes] = []

    def prove(header: bytes, data: bytes) -> bytes:
        covered.extend((header, data))
        return b"t" * size

    message = encode(INVOKE, 0, 1, MSGPACK, b"data", prove, size)
    frame = frame_of(message)
    assert token_of(frame) == b"t" * size
    assert covered == [frame.header, frame.data] == [message[: HEADER.size], b"data"]
    assert token_of(frame_of(encode(INVOKE, 0, 1, MSGPACK, b"data"))) is None


@given(annotations=st.binary(max_size=80))
def test_annotations_that_are_none_are_no_token(annotations: bytes) -> None:
    frame = Frame(INVOKE, 0, 1, MSGPACK, annotations, b"data", b"")
    assert token_of(frame) is None
    assert not has_library_signature(frame)
    right = b"AUTH\x00\x01t"
    assert token_of(structs.replace(frame, annotations=right)) == b"t"
    assert token_of(structs.replace(frame, annotations=right + b"x" + annotations)) is None
