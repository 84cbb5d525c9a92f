"""The plain form of events: what is written is read back, what was never written is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import get_args

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.context import CHANCE_BITS
from game.errors import InvalidArgument
from game.forms.event_codec import EVENTS as FORM
from game.forms.event_codec import from_plain, to_plain
from game.rooms.events import (
    Agreed,
    Closed,
    Created,
    Declined,
    Event,
    Finished,
    Left,
    Locked,
    Moved,
    Offered,
    Proposed,
    RematchDeclined,
    RematchWanted,
    Removed,
    Returned,
    Said,
    Seated,
    Selecting,
    Started,
    TakenBack,
    Watched,
)
from tests.game.playing import JUNK, UNTIMED

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
    Created("", "r", "abcd", "", "tictactoe", {"width": 3}, 3, "3+2", "c0ffee", True, ("bob",), at=5),
    Left("ann", "r", 60_000, at=70_000),
    Removed("ann", "r", "cleo", at=5),
    Locked("ann", "r", True, at=5),
    Selecting("", "r", ("3x3", "5x5"), (1, 3), ("none", "10s"), 15_005, at=5),
    Proposed("ann", "r", "X", "3x3", 3, "10s", at=5),
    Agreed("ann", "r", {"width": 5, "height": 5, "in_a_row": 4}, None, "5x5", 3, "10s", at=5),
    Agreed("", "r", {"width": 5}, (1 << CHANCE_BITS) - 1, "5x5", 1, "none", at=15_005),
    Started("ann", "r", "bob", "ann", 2, 1_800_000_000, at=5),
    Finished("", "r", "time", "O", (), at=5),
    RematchDeclined("ann", "r", "O", at=5),
    Offered("ann", "r", "X", "takeback", at=5),
    Declined("ann", "r", "O", "draw", True, at=5),
    TakenBack("ann", "r", 2, at=5),
    Said("ann", "r", "X", "grüße", 1_800_000_000, at=5),
    Said("cleo", "r", None, "hi", 0, at=(1 << 63) - 1),
]
KINDS = [to_plain(event)["kind"] for event in EVENTS]
LATER: Mapping[str, frozenset[str]] = {
    "created": frozenset({"best_of", "clock", "code", "rated", "bots"}),
    "started": frozenset({"date"}),
    "left": frozenset({"unseen_ms"}),
}
"""The fields, besides ``at``, that events of older logs lack."""


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
        ("at", -1),
        ("at", None),
        ("best_of", True),
        ("best_of", 3.0),
        ("clock", 10),
        ("code", None),
        ("rated", 1),
        ("bots", "bob"),
        ("bots", {"bob"}),
        ("bots", ["\ud800"]),
        ("unseen_ms", 1.5),
        ("name", None),
        ("on", "yes"),
        ("boards", [3]),
        ("best_ofs", [1.0]),
        ("clocks", "none"),
        ("until", None),
        ("lot", 1 << CHANCE_BITS),
        ("what", "rematch"),
        ("withdrawn", None),
        ("count", -1),
        ("text", "a\ud800"),
        ("date", 0.5),
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


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("by", '"a\\ud800"'),
        ("by", '"a\ud800"'),
        ("seat", '"Z"'),
        ("number", "true"),
        ("number", "1.0"),
        ("number", "9223372036854775808"),
        ("line", "[0,-1]"),
        ("options", '{"width":0.5}'),
        ("move", "1e3"),
        ("move", "NaN"),
        ("move", "-9223372036854775808"),
        ("move", "[" * 5 + "]" * 5),
        ("move", "[" * 100_000 + "]" * 100_000),
        ("at", "null"),
    ],
)
def test_text_that_no_event_was_written_as_is_refused(field: str, written: str) -> None:
    touched = [event for event in EVENTS if field in to_plain(event)]
    assert touched
    for event in touched:
        plain = to_plain(event)
        text = ",".join(f'"{name}":{written if name == field else json.dumps(plain[name])}' for name in plain)
        with pytest.raises(InvalidArgument):
            FORM.from_json(f"{{{text}}}")
    for text in ("", "{}", "[]", "null", FORM.to_json(EVENTS[0])[:-1], FORM.to_json(EVENTS[0]) + "}"):
        with pytest.raises(InvalidArgument):
            FORM.from_json(text)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_written_as_it_always_was(event: Event) -> None:
    text = FORM.to_json(event)
    assert text == json.dumps(to_plain(event), ensure_ascii=False, separators=(",", ":"))
    assert FORM.from_json(text) == event


OLD: list[tuple[str, Event]] = [
    (
        '{"kind": "created", "by": "ann", "request_id": "r", "room_id": "abcd", "title": "A", "game": "tictactoe",'
        ' "options": {"width": 3, "height": 3, "in_a_row": 3}}',
        Created("ann", "r", "abcd", "A", "tictactoe", {"width": 3, "height": 3, "in_a_row": 3}),
    ),
    ('{"kind": "seated", "by": "ann", "request_id": "r", "seat": "X"}', Seated("ann", "r", "X")),
    ('{"kind": "watched", "by": "ann", "request_id": "r"}', Watched("ann", "r")),
    ('{"kind": "returned", "by": "ann", "request_id": "r"}', Returned("ann", "r")),
    ('{"kind": "left", "by": "ann", "request_id": "r"}', Left("ann", "r", 0)),
    (
        '{"kind": "started", "by": "bob", "request_id": "r", "seat_x": "ann", "seat_o": "bob", "number": 1}',
        Started("bob", "r", "ann", "bob", 1, 0),
    ),
    ('{"kind": "moved", "by": "ann", "request_id": "r", "seat": "X", "move": 4}', Moved("ann", "r", "X", 4)),
    (
        '{"kind": "finished", "by": "ann", "request_id": "r", "termination": "line", "winner": "X", "line": [0, 1, 2]}',
        Finished("ann", "r", "line", "X", (0, 1, 2)),
    ),
    ('{"kind": "rematch_wanted", "by": "ann", "request_id": "r", "seat": "O"}', RematchWanted("ann", "r", "O")),
    ('{"kind": "closed", "by": "", "request_id": "r"}', Closed("", "r")),
]
"""All kinds as they were written before there were matches."""


@pytest.mark.parametrize(("written", "event"), OLD)
def test_events_of_older_logs_are_read(written: str, event: Event) -> None:
    assert from_plain(json.loads(written)) == event
    assert event.at == 0


def test_every_kind_of_event_is_among_those_tried() -> None:
    assert set(KINDS) == {kind.kind for kind in get_args(Event)}


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
