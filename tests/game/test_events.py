"""The plain form of events: what is written is read back, what was never written is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playing import JUNK, UNTIMED

from game.errors import InvalidArgument
from game.event_forms import LATER, from_plain, to_plain
from game.events import (
    Closed,
    Created,
    Event,
    Finished,
    Left,
    Moved,
    RematchWanted,
    Returned,
    Seated,
    Started,
    Watched,
)

EVENTS: list[Event] = [
    Created("ann", "r", "abcd", "Tisch für zwei", "tictactoe", {"width": 3, "height": 3, "in_a_row": 3}),
    Seated("ann", "r", "X"),
    Watched("ann", "r"),
    Returned("ann", "r"),
    Left("ann", "r"),
    Started("ann", "r", "ann", "bob", 1),
    Moved("ann", "r", "X", 4),
    Moved("ann", "r", "O", {"from": [1, 2], "to": None, "take": True, "as": "Königin"}),
    Moved("ann", "r", "O", [[[[(1 << 63) - 1, 1 - (1 << 63)]]]]),
    Finished("ann", "r", "line", "X", (0, 1, 2)),
    Finished("ann", "r", "full", None, ()),
    RematchWanted("ann", "r", "O"),
    Closed("", "r"),
]
KINDS = [to_plain(event)["kind"] for event in EVENTS]


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_comes_back_from_its_plain_form(event: Event) -> None:
    plain = to_plain(event)
    assert from_plain(plain) == event
    assert from_plain(json.loads(json.dumps(plain))) == event
    assert from_plain(msgpack.unpackb(msgpack.packb(plain))) == event


@pytest.mark.parametrize("event", EVENTS)
def test_the_plain_form_is_made_of_what_json_gives_back_as_it_was(event: Event) -> None:
    def is_simple(value: object) -> bool:
        if isinstance(value, list):
            return all(is_simple(item) for item in value)
        if isinstance(value, dict):
            return all(isinstance(key, str) and is_simple(item) for key, item in value.items())
        return value is None or type(value) in (str, int, bool)

    assert is_simple(to_plain(event))


@pytest.mark.parametrize("event", EVENTS)
def test_unknown_fields_are_ignored_and_missing_ones_refused_by_name(event: Event) -> None:
    plain = to_plain(event)
    assert from_plain({**plain, "mood": "good", "version": 7}) == event
    for field in plain.keys() - {"kind", "at"} - LATER.get(str(plain["kind"]), frozenset()):
        with pytest.raises(InvalidArgument, match=field):
            from_plain({name: value for name, value in plain.items() if name != field})


@pytest.mark.parametrize("event", EVENTS)
def test_who_and_which_request_is_in_every_event(event: Event) -> None:
    plain = to_plain(event)
    assert (plain["by"], plain["request_id"]) == (event.by, "r")


def test_an_unknown_kind_is_refused() -> None:
    for kind in ("exploded", "", None, 3, ["moved"]):
        with pytest.raises(InvalidArgument, match="kind"):
            from_plain({"kind": kind, "by": "ann", "request_id": "r"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("by", 1),
        ("by", "a\ud800"),
        ("request_id", None),
        ("request_id", "\udfff"),
        ("seat", "Z"),
        ("seat", ["X"]),
        ("seat_x", None),
        ("number", True),
        ("number", -1),
        ("number", 1.0),
        ("number", 1 << 63),
        ("termination", "bored"),
        ("winner", "x"),
        ("line", "012"),
        ("line", [0, "1"]),
        ("options", [1]),
        ("options", {1: 2}),
        ("options", {"width": 3.0}),
        ("options", {"\ud800": 3}),
        ("move", 0.5),
        ("move", b"4"),
        ("move", {4}),
        ("move", 1 << 63),
        ("move", -(1 << 63)),
        ("move", [[[[[4]]]]]),
        ("move", {1: 2}),
        ("move", ["\ud800"]),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused_by_name(field: str, value: object) -> None:
    touched = [plain for plain in map(to_plain, EVENTS) if field in plain]
    assert touched
    for plain in touched:
        with pytest.raises(InvalidArgument, match=field):
            from_plain({**plain, field: value})


@UNTIMED
@given(JUNK)
def test_junk_is_no_event(junk: object) -> None:
    with pytest.raises(InvalidArgument):
        from_plain(junk)


@UNTIMED
@given(st.sampled_from(EVENTS), st.data())
def test_a_junk_field_makes_an_event_that_can_be_written_or_is_refused(event: Event, data: st.DataObject) -> None:
    plain = to_plain(event)
    field = data.draw(st.sampled_from(sorted(plain.keys() - {"kind"})))
    junk = data.draw(JUNK)
    try:
        read = from_plain({**plain, field: junk})
    except InvalidArgument:
        return
    written = to_plain(read)
    assert from_plain(json.loads(json.dumps(written, ensure_ascii=False).encode())) == read
    assert from_plain(msgpack.unpackb(msgpack.packb(written))) == read


def test_the_plain_form_is_the_callers_to_change() -> None:
    event = EVENTS[0]
    assert isinstance(event, Created)
    options = to_plain(event)["options"]
    assert isinstance(options, Mapping)
    assert options == event.options
    assert options is not event.options
