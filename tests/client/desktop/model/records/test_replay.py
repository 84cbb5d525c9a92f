"""A finished game, looked at move by move, and as a file."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from client.desktop.model.records.replay import Replay
from client.game_archive import Change, from_json
from client.texts.records import ending_with_ratings, players
from game.errors import InvalidArgument
from game.forms.records import record_of
from tests.game.playing import played, resigned, started, won_by_x

WON = record_of(won_by_x())
"""X has 0, 1, 2, and O has 3, 4."""


def test_it_begins_with_the_last_position_and_goes_back_to_the_empty_board() -> None:
    replay = Replay(WON)
    assert (replay.scene().marks, replay.scene().lines) == ("XXXOO....", ((0, 2),))
    replay.steps.go(-1)
    assert (replay.scene().marks, replay.scene().lines) == ("XX.OO....", ())
    replay.steps.go(-9)
    assert replay.scene().marks == "........."


def test_a_game_without_a_move_is_an_empty_board() -> None:
    replay = Replay(record_of(resigned(started(), "ann")))
    replay.steps.go(-1)
    assert (replay.scene().marks, replay.steps.looks_back) == (".........", False)


def test_what_is_exported_is_the_same_game_imported() -> None:
    record = record_of(resigned(played(started(width=5, height=5), 12, 0, 7), "bob"))
    replay = Replay(from_json(Replay(record, {"ann": Change(1500, 1607)}).exported(as_what="json")))
    assert replay.record == record
    assert replay.scene() == Replay(record).scene()
    assert not replay.changes, "a file does not say what a game did to the ratings"


@pytest.mark.parametrize("text", ["", "[]", "{}", "ann – bob", Replay(WON).exported(as_what="txt")])
def test_what_is_no_exported_game_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        Replay(from_json(text))


def test_who_played_and_who_of_them_is_a_bot_and_what_it_did_to_the_ratings() -> None:
    record = replace(WON, bots=("bob",))
    assert players(record).startswith("ann – ")
    assert "bot" in players(record)
    ending = ending_with_ratings(record, {"ann": Change(1500, 1607), "bob": Change(1500, 1393)})
    assert "ann 1500 → 1607" in ending
    assert "bob 1500 → 1393" in ending
    assert "→" not in ending_with_ratings(record, {})
    assert Replay(record).file_name == "tictactoe-abcd-1"
