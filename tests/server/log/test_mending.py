"""What a stream lacks, and what is put in the place of damaged rows."""

from __future__ import annotations

import pytest

from server.log.entries import Entry, Snapshot, StreamCopy
from server.log.mending import Holes, filled, holes_of, rows_for, without_unneeded_rows
from server.log.row_format import LOST

STREAM = "room/abcd"


def copy(versions: str, *, snapshot: int = 0, snapshot_lost: bool = False) -> StreamCopy:
    """A copy with entries of these versions, as "2 3 !4 6"; "!" marks a lost one."""
    kept = Snapshot(snapshot, 1, STREAM, snapshot, LOST if snapshot_lost else "state") if snapshot else None
    entries = tuple(
        Entry(int(version.strip("!")), 1, STREAM, int(version.strip("!")), LOST if "!" in version else "event")
        for version in versions.split()
    )
    return StreamCopy(STREAM, kept, entries)


@pytest.mark.parametrize(
    ("have", "lacks", "snapshot"),
    [
        (copy("1 2 3"), (), False),
        (copy("1 !2 3"), (2,), False),
        (copy("1 3 4"), (2,), False),
        (copy("1 2 !3"), (3,), False),
        (copy("3 4 5", snapshot=4), (), False),
        (copy("", snapshot=4), (), False),
        (copy("3 !4 5", snapshot=4), (4,), False),
        (copy("6 7", snapshot=4), (5,), False),
        (copy("3 4 5", snapshot=4, snapshot_lost=True), (), True),
        (copy("1 2", snapshot=2, snapshot_lost=True), (), True),
        (copy("3 4 5"), (), True),
        (copy("", snapshot=4, snapshot_lost=True), (), True),
    ],
)
def test_holes_are_what_is_lost_or_missing(have: StreamCopy, lacks: tuple[int, ...], snapshot: bool) -> None:
    expected = Holes(STREAM, lacks, snapshot, have.version) if lacks or snapshot else None
    assert holes_of(have) == expected


@pytest.mark.parametrize(
    ("have", "other"),
    [
        (copy("1 !2 3"), copy("1 2 3")),
        (copy("1 2 !3"), copy("1 2 3")),
        (copy("1 3 5"), copy("1 2 3 4 5")),
        (copy("3 !4 !5", snapshot=4), copy("4 5", snapshot=3)),
        (copy("3 4 5", snapshot=4, snapshot_lost=True), copy("4 5", snapshot=3)),
        (copy("3 4 5", snapshot=4, snapshot_lost=True), copy("1 2 3 4 5")),
        (copy("3 4 5"), copy("3 4 5", snapshot=4)),
    ],
)
def test_the_other_copy_fills_them(have: StreamCopy, other: StreamCopy) -> None:
    holes = holes_of(have)
    assert holes is not None
    mended = without_unneeded_rows(filled(have, rows_for(other, holes)), keeps_events=False)
    assert holes_of(mended) is None
    assert mended.version == have.version


def test_sound_rows_stay_whatever_the_other_copy_has() -> None:
    have = copy("1 !2 3")
    other = StreamCopy(STREAM, None, tuple(entry._replace(body="other") for entry in copy("1 2 3").entries))
    assert [entry.body for entry in filled(have, other).entries] == ["event", "other", "event"]


def test_damage_before_a_snapshot_that_nobody_can_mend_goes_as_compaction_would_let_it_go() -> None:
    assert without_unneeded_rows(copy("1 2 !3 4 5 6", snapshot=5), keeps_events=False) == copy("4 5 6", snapshot=5)


def test_a_damaged_snapshot_goes_when_all_events_are_there() -> None:
    assert without_unneeded_rows(copy("1 2 3", snapshot=2, snapshot_lost=True), keeps_events=False) == copy("1 2 3")


@pytest.mark.parametrize(
    "have", [copy("1 !2 3"), copy("3 4", snapshot=2, snapshot_lost=True), copy("5 !6", snapshot=5)]
)
def test_what_is_lost_keeps_its_place(have: StreamCopy) -> None:
    assert without_unneeded_rows(have, keeps_events=False) == have


def test_nothing_goes_of_a_stream_that_keeps_its_events() -> None:
    have = copy("1 !2 3", snapshot=3)
    assert without_unneeded_rows(have, keeps_events=True) == have
