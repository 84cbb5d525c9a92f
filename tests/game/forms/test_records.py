"""The book of records: what is written of a finished game, and that it is read back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from game.errors import InvalidArgument, InvariantBroken
from game.forms.records import GameRecord, from_plain, record_of, to_plain
from game.rooms.state import Room, nothing
from tests.game.playing import JUNK, UNTIMED, joined, played, rematched, resigned, started, watched, won_by_x

RECORD = GameRecord(
    "abcd",
    3,
    "tictactoe",
    {"width": 5, "height": 5, "in_a_row": 4},
    {"X": "bob", "O": "ann"},
    ("bob",),
    (("X", 12), ("O", 0)),
    "time",
    "X",
    1_800_000_000,
    5,
    "3+2",
    True,
    False,
)


def test_the_record_of_a_game() -> None:
    options = {"width": 3, "height": 3, "in_a_row": 3}
    moves = (("X", 0), ("O", 3), ("X", 1), ("O", 4), ("X", 2))
    seats = {"X": "ann", "O": "bob"}
    assert record_of(watched(won_by_x(), "cleo")) == GameRecord(
        "abcd",
        1,
        "tictactoe",
        options,
        seats,
        (),
        moves,
        "line",
        "X",
        0,
        0,
        "none",
        False,
        False,  # type: ignore[arg-type]
    )


def test_a_record_has_the_seats_and_the_number_of_its_own_game() -> None:
    room = resigned(played(rematched(won_by_x(), "ann", "bob"), 4), "ann")
    record = record_of(room)
    assert (record.seats, record.number, record.moves) == ({"X": "bob", "O": "ann"}, 2, (("X", 4),))
    assert (record.termination, record.winner) == ("resigned", "X")


@pytest.mark.parametrize("room", [nothing("abcd"), joined(started(), "cleo"), rematched(won_by_x(), "ann", "bob")])
def test_of_a_game_that_is_not_over_there_is_no_record(room: Room) -> None:
    with pytest.raises(InvariantBroken):
        record_of(room)


def test_the_plain_form_is_as_json_has_it() -> None:
    plain = to_plain(RECORD)
    assert (
        plain
        == json.loads(json.dumps(plain))
        == {
            "kind": "game",
            "room": "abcd",
            "number": 3,
            "game": "tictactoe",
            "options": {"width": 5, "height": 5, "in_a_row": 4},
            "seats": {"X": "bob", "O": "ann"},
            "bots": ["bob"],
            "moves": [["X", 12], ["O", 0]],
            "termination": "time",
            "winner": "X",
            "date": 1_800_000_000,
            "best_of": 5,
            "clock": "3+2",
            "rated": True,
            "private": False,
        }
    )


@pytest.mark.parametrize(
    "record", [RECORD, record_of(won_by_x()), replace(RECORD, termination="aborted", winner=None, moves=(), bots=())]
)
def test_a_record_is_read_back(record: GameRecord) -> None:
    assert from_plain(to_plain(record)) == record
    assert from_plain(json.loads(json.dumps({**to_plain(record), "mood": "good"}))) == record


@pytest.mark.parametrize("field", sorted(to_plain(RECORD)))
def test_a_record_without_one_of_its_fields_is_refused(field: str) -> None:
    with pytest.raises(InvalidArgument):
        from_plain({name: value for name, value in to_plain(RECORD).items() if name != field})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "match"),
        ("room", 7),
        ("number", -1),
        ("seats", {"X": "ann"}),
        ("seats", {"X": "ann", "O": None}),
        ("seats", ["ann", "bob"]),
        ("bots", "bob"),
        ("moves", [["X"]]),
        ("moves", [["Z", 4]]),
        ("moves", [["X", 0.5]]),
        ("moves", {"X": 4}),
        ("termination", "bored"),
        ("winner", "ann"),
        ("date", 1.5),
        ("clock", None),
        ("rated", 1),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused(field: str, value: object) -> None:
    with pytest.raises(InvalidArgument):
        from_plain({**to_plain(RECORD), field: value})


@UNTIMED
@given(JUNK, st.sampled_from(sorted(to_plain(RECORD))))
def test_junk_is_no_record_or_one_that_can_be_written(junk: object, field: str) -> None:
    with pytest.raises(InvalidArgument):
        from_plain(junk)
    try:
        read = from_plain({**to_plain(RECORD), field: junk})
    except InvalidArgument:
        return
    assert from_plain(json.loads(json.dumps(to_plain(read), ensure_ascii=False).encode())) == read
