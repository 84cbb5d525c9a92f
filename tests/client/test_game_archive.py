"""What servers send of finished games and of players: a value that fits, or no value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.game_archive import Change, games_from, played_from, rating_entry_from
from game.forms.records import record_of, to_plain
from tests.game.playing import JUNK, UNTIMED, won_by_x
from wire.errors import ProtocolMismatch

RECORD = record_of(won_by_x())
PLAYED: dict[str, Any] = {"number": 7, "record": to_plain(RECORD), "changes": {"ann": [1500, 1607], "bob": (1500, -3)}}
STANDING = {"name": "ann", "rating": -1, "deviation": 80, "games": 1, "wins": 1, "draws": 0, "losses": 0}


def bad(**fields: object) -> dict[str, Any]:
    return {**PLAYED, "record": {**PLAYED["record"], **fields}}


def test_a_game_that_fits_is_shown() -> None:
    played = played_from(PLAYED)
    assert (played.number, played.record) == (7, RECORD)
    assert played.changes == {"ann": Change(1500, 1607), "bob": Change(1500, -3)}


@pytest.mark.parametrize(
    "plain",
    [
        bad(date=1_800_000_000_000),
        bad(winner=None),
        bad(room="../.."),
        bad(clock="soon"),
        {**PLAYED, "number": "7"},
        {**PLAYED, "changes": {"ann": 5}},
        {**PLAYED, "changes": [1]},
        {**PLAYED, "changes": {"ann": ["1500", "1607"]}},
        {"number": 7},
        [],
        None,
    ],
)
def test_a_record_that_does_not_fit_is_not_shown_as_one(plain: Any) -> None:
    with pytest.raises(ProtocolMismatch):
        played_from(plain)


def test_the_other_games_of_a_page_are_shown_and_the_missing_counted() -> None:
    games = games_from({"games": [PLAYED, bad(winner="O"), PLAYED, 3], "earlier": 5})
    assert [played.number for played in games.games] == [7, 7]
    assert (games.earlier, games.unreadable) == (5, 2)


@UNTIMED
@given(JUNK, st.sampled_from(sorted(PLAYED)), st.sampled_from(sorted(PLAYED["record"])))
def test_junk_is_no_game(junk: Any, field: str, of_record: str) -> None:
    for plain in (junk, {**PLAYED, field: junk}, bad(**{of_record: junk})):
        try:
            played = played_from(plain)
        except ProtocolMismatch:
            continue
        assert played.record.moves == RECORD.moves


@UNTIMED
@given(JUNK, st.sampled_from(sorted(STANDING)))
def test_junk_is_no_standing_and_no_list_of_games(junk: Any, field: str) -> None:
    for read, plain in ((rating_entry_from, {**STANDING, field: junk}), (rating_entry_from, junk), (games_from, junk)):
        try:
            read(plain)
        except ProtocolMismatch:
            continue
    assert rating_entry_from(STANDING) is not None
