"""The bytes of the append log: whatever becomes of them, no entry is changed, doubled or missing without notice."""

from __future__ import annotations

import itertools
from zlib import crc32

import pytest

from server.log.append_log.batch_format import encode
from server.log.append_log.segment_reader import Rest, StoredBatch, read_batches
from server.log.entries import Entry, StreamSummary
from server.log.journal.rows import is_sound, is_sound_summary, summary_row
from server.log.row_format import LOST

BODY = '{"kind":"watched","by":"ada","request_id":"watch-ada"}'
SUMMARY = summary_row(StreamSummary("room/aaaa", 1, {"title": "one"}))
BATCHES = [
    encode(0, [Entry(1, 1, "room/aaaa", 1, BODY)], [SUMMARY])[0],
    encode(1, [Entry(2, 1, "room/bbbb", 1, BODY), Entry(3, 1, "name/ada bob", 1, BODY)], [])[0],
    encode(3, [Entry(4, 2, "room/aaaa", 2, BODY)], [])[0],
]
WHOLE = b"".join(BATCHES)
POSITIONS = [[1], [2, 3], [4]]
PLACES = [(1, "room/aaaa", 1), (2, "room/bbbb", 1), (3, "name/ada bob", 1), (4, "room/aaaa", 2)]
ENDS = list(itertools.accumulate(map(len, BATCHES)))


def positions(batches: list[StoredBatch]) -> list[list[int]]:
    return [[row[0] for row in batch.entries] for batch in batches]


def test_what_was_written_is_read_back() -> None:
    batches, rest = read_batches(WHOLE)
    assert positions(batches) == POSITIONS
    assert [batch.previous for batch in batches] == [0, 1, 3]
    assert [batch.end for batch in batches] == ENDS
    assert batches[0].summaries == [SUMMARY]
    assert all(is_sound("entry", row) for batch in batches for row in batch.entries)
    assert rest is Rest.NOTHING
    assert read_batches(WHOLE, ENDS[0])[0] == batches[1:]


def test_of_a_batch_that_was_not_written_to_its_end_nothing_is_there() -> None:
    for size in range(len(WHOLE)):
        batches, rest = read_batches(WHOLE[:size])
        assert positions(batches) == POSITIONS[: sum(end <= size for end in ENDS)]
        assert not any(batch.damaged for batch in batches)
        assert rest is (Rest.NOTHING if size in (0, *ENDS) else Rest.TORN), size


def test_blocks_that_never_reached_the_disk_are_of_a_batch_that_was_not_written() -> None:
    """After a power cut the file has its length, and zeros where blocks were not written."""
    for first in range(ENDS[1], len(WHOLE) - 8):
        batches, rest = read_batches(WHOLE[:first] + bytes(len(WHOLE) - first))
        assert (positions(batches), rest) == (POSITIONS[:2], Rest.TORN), first


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_anywhere_costs_at_most_the_one_row_that_has_it(bit: int) -> None:
    for at in range(len(WHOLE)):
        damaged = bytearray(WHOLE)
        damaged[at] ^= 1 << bit
        batches, rest = read_batches(bytes(damaged))
        assert (positions(batches), rest) == (POSITIONS, Rest.NOTHING), at
        rows = [row for batch in batches for row in batch.entries]
        unsound = [row for row in rows if not is_sound("entry", row)]
        assert all(row[4] == LOST for row in unsound)
        summaries = batches[0].summaries
        assert [summary[0] for summary in summaries] == ["room/aaaa"]
        assert len(unsound) + (not is_sound_summary(summaries[0])) <= 1
        assert any(batch.damaged for batch in batches)
        assert [(row[0], row[2], row[3]) for row in rows] == PLACES


def test_an_edited_row_of_another_length_keeps_its_place() -> None:
    """An editor changes the text and no length. The header of the batch is whole."""
    row = WHOLE.index(b"watch-ada", ENDS[0])
    edited = WHOLE[:row] + b"mallory" + WHOLE[row + len("mallory") :]
    batches, rest = read_batches(edited)
    assert (positions(batches), rest) == (POSITIONS, Rest.NOTHING)
    assert [row[4] == LOST for row in batches[1].entries] == [True, False]


@pytest.mark.parametrize("missing", [4, 40, 150])
def test_where_it_cannot_be_told_what_is_missing_reading_ends(missing: int) -> None:
    batches, rest = read_batches(WHOLE[: ENDS[0]] + WHOLE[ENDS[0] + missing :])
    assert (positions(batches), rest) == (POSITIONS[:1], Rest.UNREADABLE)


def test_a_body_that_looks_like_records_is_no_record() -> None:
    disguised = '{"text":"' + "batch\\nentry\\n" + '"}'
    data = encode(4, [Entry(5, 2, "room/aaaa", 3, disguised)], [])[0]
    batches, rest = read_batches(WHOLE + data)
    assert positions(batches) == [*POSITIONS, [5]]
    assert rest is Rest.NOTHING


def test_the_bytes_are_a_contract() -> None:
    """Segments have them on disk."""
    header = b"batch\n6\n1\n48\n\n7\n3\n2\nroom/abcd\n"
    row = b'entry\n7\n3\n2\nroom/abcd\n{"kind":"watched"}'
    expected = b"".join(len(part).to_bytes(4, "big") + crc32(part).to_bytes(4, "big") + part for part in (header, row))
    assert encode(6, [Entry(7, 3, "room/abcd", 2, '{"kind":"watched"}')], [])[0] == expected
    assert crc32(row) == 0xF1FE35FF, "as in the database"
