"""Messages as bytes: the library reads what we write, and we read what it writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from Pyro4.message import Message  # noqa: TID251  # the library itself is the other side

from wire.frames import HEADER, INVOKE, MSGPACK, Frame, encode, head_of, is_signed

KEY = b"the cluster's key"
OTHER_KEY = b"another cluster's"


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
    return Frame(*head[:4], rest[: head.annotations_size], rest[head.annotations_size :])


@given(data=st.binary(max_size=300), sequence=st.integers(0, 0xFFFF), key=st.sampled_from([None, KEY]))
def test_the_library_reads_what_is_written_here(data: bytes, sequence: int, key: bytes | None) -> None:
    read = Message.recv(Pipe(encode(INVOKE, 1, sequence, MSGPACK, data, key)), hmac_key=key)
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
    assert is_signed(frame, key)


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


def test_a_signature_is_wanted_with_a_key_and_none_without() -> None:
    plain, signed = (
        frame_of(encode(INVOKE, 0, 1, MSGPACK, b"data")),
        frame_of(encode(INVOKE, 0, 1, MSGPACK, b"data", KEY)),
    )
    assert is_signed(plain, None)
    assert is_signed(signed, KEY)
    assert not is_signed(plain, KEY)
    assert not is_signed(signed, None)
    assert not is_signed(signed, OTHER_KEY)
    assert not is_signed(signed._replace(data=b"date"), KEY)


@given(annotations=st.binary(max_size=40))
def test_annotations_that_are_none_are_no_signature(annotations: bytes) -> None:
    assert not is_signed(Frame(INVOKE, 0, 1, MSGPACK, annotations, b"data"), KEY)
