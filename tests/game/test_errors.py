"""The family of errors: one code a kind, one fault, one sentence."""

from __future__ import annotations

import pytest

from game import errors
from game.errors import Draining, InvariantBroken, Refusal, TicTacToeError, check

ALL = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TicTacToeError)]
CODES = {
    "invalid_argument",
    "limit_reached", "name_taken", "bad_token", "no_such_room", "room_exists", "room_closed", "room_full",
    "not_in_room", "not_a_player", "not_your_turn", "cell_taken", "game_not_running", "game_still_running",
    "not_allowed", "time_up", "no_such_offer", "too_often", "no_such_game", "not_invited", "wrong_code", "draining",
}  # fmt: skip


def test_every_kind_of_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in ALL]
    assert len(set(codes)) == len(codes)
    assert {kind.code for kind in Refusal.__subclasses__()} == CODES


@pytest.mark.parametrize("kind", ALL)
def test_an_error_says_one_sentence_and_whose_fault_it_is(kind: type[TicTacToeError]) -> None:
    error = kind("that is not possible")
    assert error.message == str(error) == "that is not possible"
    assert error.fault == ("caller" if issubclass(kind, Refusal) and kind is not Draining else "ours")


def test_a_broken_invariant_is_raised_where_it_is_checked() -> None:
    check(True, "fine")
    with pytest.raises(InvariantBroken, match="not fine"):
        check(False, "not fine")
