"""Frames come out as they went in, wherever the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.replication.link.frames import LENGTH, FrameReader, frame

CONTENTS = st.lists(st.binary(max_size=50), max_size=8)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted(cut % (len(data) + 1) for cut in cuts)
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


@given(CONTENTS, st.lists(st.integers(min_value=0), max_size=20))
def test_any_cut_of_the_bytes_gives_the_same_frames(contents: list[bytes], cuts: list[int]) -> None:
    reader, found = FrameReader(50), []
    for piece in pieces(b"".join(map(frame, contents)), cuts):
        reader.feed(piece)
        while (content := reader.next()) is not None:
            found.append(content)
    assert found == contents
    assert reader.next() is None


@given(st.lists(st.binary(max_size=20), max_size=4))
def test_the_parts_of_a_frame_are_joined(parts: list[bytes]) -> None:
    assert frame(*parts) == frame(b"".join(parts))


def test_g9_a_frame_beyond_the_limit_is_refused_by_its_length_alone() -> None:
    reader = FrameReader(10)
    reader.feed(frame(b"x" * 10) + LENGTH.pack(11))
    assert reader.next() == b"x" * 10
    with pytest.raises(ConnectionAbortedError):
        reader.next()
