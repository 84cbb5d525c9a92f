"""What players offer one another, apart from rooms: who may offer what, who may answer it, how many moves go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.errors import InvalidArgument, NoSuchOffer, NotAllowed
from game.match.offers import (
    MOVES_BEFORE_ABORT,
    NO_OFFERS,
    OFFER_KINDS,
    OfferKind,
    Offers,
    answerable,
    check_offer_kind,
    declinable,
    ended,
    may_offer,
    offered,
    taken_back,
)
from game.rules import SEATS, Seat, other
from tests.game.playing import JUNK, UNTIMED

X_OFFERS_A_DRAW = offered(NO_OFFERS, "X", "draw")


def test_an_offer_is_the_others_to_accept() -> None:
    assert answerable(X_OFFERS_A_DRAW, "O", "draw") == "X"
    for seat, matter in (("X", "draw"), ("O", "takeback")):
        with pytest.raises(NoSuchOffer):
            answerable(X_OFFERS_A_DRAW, seat, matter)  # type: ignore[arg-type]


def test_an_offer_is_the_others_to_decline_and_the_own_to_withdraw() -> None:
    assert declinable(X_OFFERS_A_DRAW, "O", "draw") == "X"
    assert declinable(X_OFFERS_A_DRAW, "X", "draw") == "X"
    with pytest.raises(NoSuchOffer):
        declinable(X_OFFERS_A_DRAW, "O", "abort")


def test_what_stands_is_not_offered_once_more() -> None:
    assert may_offer(NO_OFFERS, "X", "draw", moves=0, own_moves=0)
    assert not may_offer(X_OFFERS_A_DRAW, "X", "draw", moves=0, own_moves=0)
    assert may_offer(X_OFFERS_A_DRAW, "O", "draw", moves=0, own_moves=0)


def test_what_was_declined_is_not_offered_again_and_what_was_withdrawn_may_be() -> None:
    declined = ended(X_OFFERS_A_DRAW, "X", "draw", declined=True)
    assert declined == Offers((), (("X", "draw"),))
    with pytest.raises(NotAllowed, match="declined"):
        may_offer(declined, "X", "draw", moves=0, own_moves=0)
    assert may_offer(declined, "O", "draw", moves=0, own_moves=0)
    assert ended(X_OFFERS_A_DRAW, "X", "draw", declined=False) == NO_OFFERS


def test_a_game_is_aborted_before_its_second_move() -> None:
    for moves in range(MOVES_BEFORE_ABORT):
        assert may_offer(NO_OFFERS, "O", "abort", moves=moves, own_moves=0)
    with pytest.raises(NotAllowed, match="second move"):
        may_offer(NO_OFFERS, "O", "abort", moves=MOVES_BEFORE_ABORT, own_moves=1)


def test_who_has_not_moved_takes_nothing_back() -> None:
    with pytest.raises(NotAllowed, match="no move"):
        may_offer(NO_OFFERS, "O", "takeback", moves=1, own_moves=0)
    assert may_offer(NO_OFFERS, "X", "takeback", moves=1, own_moves=1)


def test_a_move_taken_back_takes_those_after_it_along() -> None:
    assert taken_back(("X", "O", "X"), "X") == 1
    assert taken_back(("X", "O", "X"), "O") == 2
    assert taken_back(("X", "X", "O", "O"), "X") == 3, "also where seats do not alternate"


@UNTIMED
@given(st.lists(st.sampled_from(SEATS)).map(lambda movers: [*SEATS, *movers]), st.sampled_from(SEATS))
def test_after_a_takeback_it_is_who_wanted_it_that_is_to_move(movers: list[Seat], seat: Seat) -> None:
    count = taken_back(tuple(movers), seat)
    assert movers[-count] == seat
    assert seat not in movers[len(movers) - count + 1 :]


def test_there_are_three_matters() -> None:
    assert [check_offer_kind(matter) for matter in OFFER_KINDS] == ["draw", "takeback", "abort"]


@UNTIMED
@given(JUNK | st.sampled_from(("rematch", "Draw", "draw ", ["draw"])))
def test_junk_is_no_matter(junk: object) -> None:
    with pytest.raises(InvalidArgument, match="what"):
        check_offer_kind(junk)


@UNTIMED
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("offer", "decline", "withdraw")), st.sampled_from(SEATS), st.sampled_from(OFFER_KINDS)
        )
    )
)
def test_an_offer_stands_once_and_never_after_it_was_declined(doings: list[tuple[str, Seat, OfferKind]]) -> None:
    now = NO_OFFERS
    for what, seat, matter in doings:
        try:
            if what == "offer":
                if may_offer(now, seat, matter, moves=1, own_moves=1):
                    now = offered(now, seat, matter)
            elif what == "decline":
                now = ended(now, answerable(now, seat, matter), matter, declined=True)
                assert (other(seat), matter) in now.declined
            else:
                whose = declinable(now, seat, matter)
                now = ended(now, whose, matter, declined=whose != seat)
        except (NotAllowed, NoSuchOffer):
            pass
        assert len(set(now.pending)) == len(now.pending)
        assert len(set(now.declined)) == len(now.declined)
        assert not set(now.pending) & set(now.declined)
