"""Selecting what is played: the short list, wishes, proposals, agreement and lots."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.errors import InvalidArgument
from game.games.registry import CLOCKS, DEFAULT_GAME, boards_of, rules_named, short_list
from game.match.clock import clock_rule, clock_text
from game.match.selection import (
    ANY,
    Choices,
    Proposal,
    SeekFilter,
    Selection,
    agreed,
    check_filter,
    check_proposal,
    draw_lots,
    narrowed,
    propose,
)
from game.match.series import check_best_of
from game.rules import SEATS
from tests.game.playing import JUNK, UNTIMED

LIST = Choices(("3x3", "5x5"), (1, 3), ("none", "10s", "3+2"))
EVERY = [Proposal(board, best_of, clock) for board in LIST.boards for best_of in LIST.best_ofs for clock in LIST.clocks]
ONE, OTHER = Proposal("3x3", 3, "10s"), Proposal("5x5", 1, "none")
WISHES = st.builds(SeekFilter, st.sampled_from((ANY, *LIST.boards)), st.sampled_from((ANY, *LIST.clocks)))


def selection(**proposals: Proposal) -> Selection:
    selected = Selection(LIST, 15_000)
    for seat in SEATS:
        if seat in proposals:
            selected = propose(selected, seat, proposals[seat])
    return selected


# -- the short list ---------------------------------------------------------------------------------------------------


def test_everything_on_the_short_list_can_be_played() -> None:
    choices = short_list(DEFAULT_GAME)
    assert choices.clocks == CLOCKS
    for clock in choices.clocks:
        assert clock_text(clock_rule(clock)) == clock
    for best_of in choices.best_ofs:
        assert check_best_of(best_of) == best_of
    for board in choices.boards:
        assert rules_named(DEFAULT_GAME, boards_of(DEFAULT_GAME)[board]).options() == boards_of(DEFAULT_GAME)[board]


# -- wishes -----------------------------------------------------------------------------------------------------------


def test_a_wish_says_what_it_is_particular_about() -> None:
    assert check_filter({}, LIST) == SeekFilter(ANY, ANY)
    assert check_filter({"board": "5x5", "mood": "good"}, LIST) == SeekFilter("5x5", ANY)
    assert check_filter({"board": ANY, "clock": "10s"}, LIST) == SeekFilter(ANY, "10s")


@pytest.mark.parametrize("wish", [{"board": "4x4"}, {"clock": "11s"}, {"board": None}, {"clock": ["10s"]}, [], "any"])
def test_a_wish_for_what_is_not_there_is_refused(wish: object) -> None:
    with pytest.raises(InvalidArgument):
        check_filter(wish, LIST)


def test_wishes_that_go_together_leave_what_both_would_play() -> None:
    assert narrowed(LIST, [SeekFilter(), SeekFilter("5x5")]) == LIST._replace(boards=("5x5",))
    assert narrowed(LIST, [SeekFilter("5x5", "10s"), SeekFilter("5x5")]) == Choices(("5x5",), (1, 3), ("10s",))
    assert narrowed(LIST, [SeekFilter("5x5"), SeekFilter("3x3")]) is None
    assert narrowed(LIST, [SeekFilter(clock="none"), SeekFilter(clock="10s")]) is None
    assert narrowed(LIST, [SeekFilter("7x7")]) is None


@UNTIMED
@given(st.lists(WISHES, max_size=4))
def test_what_is_left_of_the_list_is_what_suits_everybody(wishes: list[SeekFilter]) -> None:
    def suits(wish: SeekFilter, proposal: Proposal) -> bool:
        return wish.board in (ANY, proposal.board) and wish.clock in (ANY, proposal.clock)

    suitable = [proposal for proposal in EVERY if all(suits(wish, proposal) for wish in wishes)]
    narrow = narrowed(LIST, wishes)
    if narrow is None:
        assert not suitable
        return
    assert narrow.ways == len(suitable)
    for proposal in EVERY:
        try:
            assert check_proposal(proposal._asdict(), narrow) == proposal
            assert proposal in suitable
        except InvalidArgument:
            assert proposal not in suitable


# -- proposals and agreement ------------------------------------------------------------------------------------------


def test_a_proposal_is_of_the_list() -> None:
    assert check_proposal({"board": "3x3", "best_of": 3, "clock": "10s", "mood": "good"}, LIST) == ONE


@pytest.mark.parametrize(
    "wrong",
    [
        {"board": "4x4"},
        {"board": ANY},
        {"best_of": 5},
        {"best_of": 3.0},
        {"best_of": True},
        {"best_of": [3]},
        {"clock": "9s"},
    ],
)
def test_a_proposal_of_anything_else_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument, match=next(iter(wrong))):
        check_proposal({**ONE._asdict(), **wrong}, LIST)


@UNTIMED
@given(JUNK, JUNK, JUNK)
def test_junk_is_no_proposal(board: object, best_of: object, clock: object) -> None:
    for junk in (board, {"board": board, "best_of": best_of, "clock": clock}, {**ONE._asdict(), "board": board}):
        with pytest.raises(InvalidArgument):
            check_proposal(junk, LIST)


def test_it_is_agreed_when_both_propose_the_same() -> None:
    assert agreed(selection()) is None
    assert agreed(selection(X=ONE)) is None
    assert agreed(selection(X=ONE, O=OTHER)) is None
    assert agreed(selection(X=ONE, O=ONE)) == ONE


def test_who_proposes_again_proposes_that_and_nothing_else() -> None:
    assert agreed(propose(selection(X=ONE, O=OTHER), "O", ONE)) == ONE
    assert agreed(propose(selection(X=ONE), "X", OTHER)) is None


def test_what_is_the_only_choice_is_agreed_at_once() -> None:
    only = Choices(("3x3",), (1,), ("none",))
    assert agreed(Selection(only, 0)) == Proposal("3x3", 1, "none")


# -- lots -------------------------------------------------------------------------------------------------------------


def drawn(selected: Selection) -> Counter[Proposal]:
    """How often each is drawn, once with every chance that makes a difference."""
    return Counter(draw_lots(selected, chance) for chance in range(2 * LIST.ways))


def test_lots_are_fair() -> None:
    both = drawn(selection(X=ONE, O=OTHER))
    assert both[ONE] == both[OTHER] == LIST.ways
    nobody = drawn(selection())
    assert set(nobody) == set(EVERY)
    assert set(nobody.values()) == {2}


@pytest.mark.parametrize("seat", SEATS)
def test_who_proposed_nothing_would_play_any_of_the_list(seat: str) -> None:
    """Half of the chances are the proposal's, and the others the whole list's, that proposal among it."""
    one = drawn(selection(**{seat: ONE}))
    assert one.pop(ONE) == LIST.ways + 1
    assert set(one) == set(EVERY) - {ONE}
    assert set(one.values()) == {1}


@UNTIMED
@given(st.integers(0, (1 << 64) - 1), st.sampled_from([None, *EVERY]), st.sampled_from([None, *EVERY]))
def test_a_lot_is_a_proposal_of_somebody_or_of_the_list(chance: int, x: Proposal | None, o: Proposal | None) -> None:
    proposals = {seat: what for seat, what in (("X", x), ("O", o)) if what is not None}
    what = draw_lots(selection(**proposals), chance)
    assert what == draw_lots(selection(**proposals), chance)
    assert what in (proposals.values() if len(proposals) == 2 else EVERY)
