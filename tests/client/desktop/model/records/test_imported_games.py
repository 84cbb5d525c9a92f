"""Games in files that others have made: shown and exported without a fault, or refused in one sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.desktop.model.base.background import Background
from client.desktop.model.records.records import LARGEST_FILE, RecordsModel, read_text, shown
from client.desktop.model.records.replay import Replay
from client.game_archive import RatingEntry, as_json, from_json
from client.texts import records as texts
from game.errors import InvalidArgument, NotAllowed
from game.forms.records import record_of, to_plain
from tests.game.playing import JUNK, UNTIMED, played, resigned, started, won_by_x

WON = record_of(won_by_x())
BROKEN_OFF = record_of(resigned(played(started(width=5, height=4), 12, 0, 7), "bob"))
FIELDS = sorted(to_plain(WON))


class NoLeaderboard:
    """Stands where the connection is, since what is in a file does not depend on the servers."""

    def leaderboard(self, *, bots: bool) -> list[RatingEntry]:
        raise NotAllowed(f"nobody is here (bots: {bots})")


@pytest.fixture
def records() -> Iterator[RecordsModel]:
    records = RecordsModel(NoLeaderboard(), "ann", Background(), closed=lambda: None)  # type: ignore[arg-type]
    yield records
    records.close()


def changed(**fields: object) -> str:
    return json.dumps({**json.loads(as_json(WON)), **fields})


def seen(replay: Replay) -> None:
    """Look at all there is to see of a game, and write it both ways."""
    assert texts.players(replay.record)
    assert texts.terms(replay.record)
    assert "{" not in texts.ending_with_ratings(replay.record, replay.changes)
    assert "/" not in replay.file_name
    assert "\\" not in replay.file_name
    for _ in range(replay.steps.count + 1):
        assert replay.scene().marks
        replay.steps.go(-1)
    assert replay.exported(as_what="txt").encode()
    assert Replay(from_json(replay.exported(as_what="json"))).record == replay.record


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("date", changed(date=1_800_000_000_000)),
        ("options", changed(options={"width": 3, "height": 3})),
        ("winner", changed(winner=None)),
        ("clock", changed(clock="when the cows come home")),
        ("room", changed(room="../../.bashrc")),
        ("moves", changed(moves=[["X", 0], ["X", 1]])),
        ("kind", changed(kind="match")),
        ("seats", changed(seats={"X": "ann"})),
        ("format", changed(format="pgn")),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_that_names_the_field(
    records: RecordsModel, tmp_path: Path, field: str, text: str
) -> None:
    file = tmp_path / "game.json"
    file.write_text(text)
    records.import_from(file)
    assert records.replay is None
    assert field in records.message.lower()
    assert "\n" not in records.message


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A good record with some of its fields gone, exchanged for those of another, or junk."""
    plain: dict[str, Any] = json.loads(as_json(draw(st.sampled_from([WON, BROKEN_OFF]))))
    other = json.loads(as_json(draw(st.sampled_from([WON, BROKEN_OFF]))))
    near: st.SearchStrategy[Any] = (
        st.none()
        | st.booleans()
        | st.integers(-1, 120)
        | st.sampled_from(
            [10**10, 10**13, 1 << 62, 1 << 70, -0.5, "", "X", "none", "10s", "3+2", "time", "left", "full"]
        )
        | st.sampled_from(
            [[], {}, [["X", 4]], [["O", 4]], {"X": "a", "O": "b"}, {"width": 10, "height": 3, "in_a_row": 10}]
        )
    )
    for field in draw(st.lists(st.sampled_from(FIELDS), max_size=3)):
        how = draw(st.sampled_from(["gone", "other", "near", "junk"]))
        if how == "gone":
            plain.pop(field, None)
        elif how == "other":
            plain[field] = other.get(field)
        else:
            plain[field] = draw(near if how == "near" else JUNK)
    return plain


@UNTIMED
@given(mutated())
def test_whatever_is_changed_in_a_file_it_is_shown_or_refused(plain: dict[str, Any]) -> None:
    try:
        text = json.dumps(plain)
    except TypeError:
        return  # no file has that
    try:
        replay = Replay(from_json(text))
    except InvalidArgument:
        return
    seen(replay)


@UNTIMED
@given(st.binary(max_size=60), st.integers(0, len(as_json(WON))), st.integers(0, 60))
def test_whatever_bytes_are_in_a_file_it_is_shown_or_refused(junk: bytes, at: int, skipped: int) -> None:
    data = as_json(WON).encode()
    text = (data[:at] + junk + data[at + skipped :]).decode("utf-8", "ignore")
    try:
        replay = Replay(from_json(text))
    except InvalidArgument:
        return
    seen(replay)


def test_a_file_with_a_byte_order_mark_is_read(records: RecordsModel, tmp_path: Path) -> None:
    file = tmp_path / "game.json"
    file.write_text(as_json(WON), encoding="utf-8-sig")
    records.import_from(file)
    assert records.message == ""
    assert records.replay is not None
    assert records.replay.record == WON


def test_what_is_no_file_of_text_is_refused(records: RecordsModel, tmp_path: Path) -> None:
    latin, large, pipe = tmp_path / "latin.json", tmp_path / "large.json", tmp_path / "pipe.json"
    latin.write_bytes(b'{"format": "\xe9"}')
    large.write_bytes(b" " * (LARGEST_FILE + 1))
    os.mkfifo(pipe)
    for file, why in ((latin, "UTF-8"), (large, "larger"), (pipe, "no file"), (tmp_path, "no file")):
        records.import_from(file)
        assert why in records.message
    records.import_from(tmp_path / "nowhere.json")
    assert "No such file" in records.message
    records.import_from(tmp_path / "a\0b.json")
    assert "cannot be read" in records.message
    assert records.replay is None


def test_deep_nesting_and_very_long_numbers_are_no_game() -> None:
    for text in (
        "[" * 100_000,
        '{"a":' * 100_000,
        "9" * 100_000,
        changed(date=1)[:-1] + ', "x": ' + "9" * 100_000 + "}",
    ):
        with pytest.raises(InvalidArgument):
            Replay(from_json(text))


def test_a_file_name_that_is_no_text_can_be_shown(records: RecordsModel, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.json")
    assert shown(name) == "caf?.json"
    records.import_from(tmp_path / name)
    assert records.message.encode()


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "some.txt"
    file.write_text("four")
    assert read_text(file, most_bytes=4) == "four"
    with pytest.raises(InvalidArgument):
        read_text(file, most_bytes=3)
