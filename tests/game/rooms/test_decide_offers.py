"""What players agree on during a game, in its room: a draw, a move back, to let the game be; and whether to go on."""

from __future__ import annotations

import itertools

import pytest

from game.context import Context
from game.errors import GameNotRunning, InvalidArgument, NoSuchOffer, NotAllowed, NotAPlayer, NotInRoom, Refusal
from game.forms.views import view
from game.match.offers import NO_OFFERS, OFFER_KINDS
from game.rooms.commands import Accept, Command, Decline, Leave, Move, Offer
from game.rooms.events import Declined, Finished, Left, Offered, RematchDeclined, Returned, TakenBack
from game.rooms.state import Room
from tests.game.playing import (
    after,
    decided,
    left,
    matched,
    played,
    playing,
    rematched,
    request,
    resigned,
    started,
    timed,
    watched,
    won_by_x,
)

R = "request"


def offered(room: Room, name: str, what: str, at: int = 0) -> Room:
    return after(room, Offer(name, request(), what), at=at)


def accepted(room: Room, name: str, what: str, at: int = 0) -> Room:
    return after(room, Accept(name, request(), what), at=at)


# -- every offer ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", OFFER_KINDS)
def test_an_offer_is_shown_until_the_next_move(what: str) -> None:
    room = played(started(), 4)
    assert decided(room, Offer("ann", R, what)) == (Offered("ann", R, "X", what),)  # type: ignore[arg-type]
    room = offered(room, "ann", what)
    assert view(room)["offers"] == [["X", what]]
    assert decided(room, Offer("ann", R, what)) == ()
    room = played(room, 0)
    assert room.offers == NO_OFFERS
    with pytest.raises(NoSuchOffer):
        decided(room, Accept("bob", R, what))


@pytest.mark.parametrize("what", OFFER_KINDS)
def test_an_offer_is_declined_by_the_other_and_not_made_again_before_the_next_move(what: str) -> None:
    room = offered(played(started(), 4), "ann", what)
    assert decided(room, Decline("bob", R, what)) == (Declined("bob", R, "X", what, False),)  # type: ignore[arg-type]
    room = after(room, Decline("bob", R, what))
    assert view(room)["offers"] == []
    with pytest.raises(NotAllowed, match="declined"):
        decided(room, Offer("ann", R, what))
    with pytest.raises(NoSuchOffer):
        decided(room, Decline("bob", R, what))
    if what != "abort":
        assert decided(played(room, 0), Offer("ann", R, what))


@pytest.mark.parametrize("what", OFFER_KINDS)
def test_an_offer_is_withdrawn_by_who_made_it_and_may_be_made_again(what: str) -> None:
    room = offered(played(started(), 4), "ann", what)
    assert decided(room, Decline("ann", R, what)) == (Declined("ann", R, "X", what, True),)  # type: ignore[arg-type]
    room = after(room, Decline("ann", R, what))
    with pytest.raises(NoSuchOffer):
        decided(room, Accept("bob", R, what))
    assert decided(room, Offer("ann", R, what))


@pytest.mark.parametrize("what", OFFER_KINDS)
def test_who_offers_what_the_other_offers_accepts_it(what: str) -> None:
    room = offered(played(started(), 4), "ann", what)
    assert decided(room, Offer("bob", R, what)) == decided(room, Accept("bob", R, what))
    with pytest.raises(NoSuchOffer):
        decided(room, Accept("ann", R, what))


@pytest.mark.parametrize("make", [Offer, Accept, Decline])
def test_offers_are_for_the_players_of_a_running_game(make: type[Offer]) -> None:
    room = offered(watched(played(started(), 4), "cleo"), "ann", "draw")
    for name, refusal in (("dan", NotInRoom), ("cleo", NotAPlayer)):
        with pytest.raises(refusal):
            decided(room, make(name, R, "draw"))
    for other in (won_by_x(), matched()):
        with pytest.raises(GameNotRunning):
            decided(other, make("ann", R, "draw"))
    for junk in ("queen", None, 3, ["draw"], b"draw"):
        with pytest.raises(InvalidArgument):
            decided(room, make("ann", R, junk))


@pytest.mark.parametrize("command", [Offer("bob", R, "takeback"), Accept("bob", R, "draw"), Decline("bob", R, "draw")])
def test_who_was_away_and_answers_is_back(command: Command) -> None:
    room = left(offered(played(started(), 4, 0), "ann", "draw"), "bob")
    assert decided(room, command)[0] == Returned("bob", R)
    stands = left(offered(started(), "ann", "draw"), "ann")
    assert decided(stands, Offer("ann", R, "draw")) == (Returned("ann", R),)


# -- a draw, an end ---------------------------------------------------------------------------------------------------


def test_an_agreed_draw_ends_the_game() -> None:
    room = offered(playing(best_of=3), "ann", "draw")
    assert decided(room, Accept("bob", R, "draw"), Context(50)) == (Finished("bob", R, "agreed", None, (), at=50),)
    room = accepted(room, "bob", "draw", at=50)
    assert (room.draws, room.wins, room.series_is_over, room.due_at) == (1, {}, False, 5050)


def test_an_aborted_game_counts_as_none_and_ends_its_series() -> None:
    room = accepted(offered(playing(best_of=3, clock="10s"), "bob", "abort"), "ann", "abort", at=5000)
    assert room.outcome is not None
    assert (room.outcome.termination, room.outcome.winner) == ("aborted", None)
    assert (room.draws, room.wins, room.series_is_over, room.due_at) == (0, {}, True, None)
    room = rematched(room, "ann", "bob")
    assert (room.phase, room.wins, room.series_is_over) == ("playing", {}, False)


def test_a_game_is_aborted_before_its_second_move() -> None:
    assert decided(started(), Offer("bob", R, "abort"))
    assert decided(played(started(), 4), Offer("bob", R, "abort"))
    with pytest.raises(NotAllowed, match="second move"):
        decided(played(started(), 4, 0), Offer("bob", R, "abort"))


# -- a move back ------------------------------------------------------------------------------------------------------


def test_the_last_own_move_is_taken_back_with_what_came_after_it() -> None:
    room = played(started(), 4, 0, 8)
    mine = offered(room, "ann", "takeback")
    assert decided(mine, Accept("bob", R, "takeback")) == (TakenBack("bob", R, 1),)
    assert accepted(mine, "bob", "takeback").position == played(started(), 4, 0).position
    yours = offered(room, "bob", "takeback")
    assert decided(yours, Accept("ann", R, "takeback")) == (TakenBack("ann", R, 2),)
    back = accepted(yours, "ann", "takeback")
    assert (back.position, back.moves, back.offers) == (played(started(), 4).position, (("X", 4),), NO_OFFERS)
    assert played(back, 5).moves == (("X", 4), ("O", 5))


def test_who_has_not_moved_has_nothing_to_take_back() -> None:
    for room in (started(), played(started(), 4)):
        with pytest.raises(NotAllowed, match="no move"):
            decided(room, Offer("bob", R, "takeback"))
    back = accepted(offered(played(started(), 4), "ann", "takeback"), "bob", "takeback")
    with pytest.raises(NotAllowed, match="no move"):
        decided(back, Offer("ann", R, "takeback"))


def test_a_takeback_turns_the_clock_and_gives_no_time_back() -> None:
    room = after(timed("1+1"), Move("ann", request(), 4), at=10_000)
    room = accepted(offered(room, "ann", "takeback", at=12_000), "bob", "takeback", at=30_000)
    assert room.clock is not None
    assert (room.clock.left, room.clock.running, room.clock.since) == ((51_000, 40_000), "X", 30_000)
    assert room.due_at == 81_000


def test_a_game_taken_back_to_its_beginning_can_be_aborted_again() -> None:
    room = played(started(), 4, 0)
    room = accepted(offered(room, "ann", "takeback"), "bob", "takeback")
    assert room.moves == ()
    assert decided(room, Offer("ann", R, "abort"))


# -- in every order ---------------------------------------------------------------------------------------------------

_DOINGS = [
    *(make(name, R, what) for make in (Offer, Accept, Decline) for name in ("ann", "bob") for what in OFFER_KINDS),
    Move("ann", R, 8),
    Move("bob", R, 8),
]


@pytest.mark.parametrize("room", [timed(), played(timed(), 4), played(timed("1+1"), 4, 0), played(started(), 4, 0, 2)])
def test_in_whatever_order_they_offer_and_answer_the_room_stays_sound(room: Room) -> None:
    """All sequences of three, a second apart: an offer a seat and kind at most, none after a move or an end."""
    for doings in itertools.product(_DOINGS, repeat=3):
        now = room
        for second, command in enumerate(doings, start=1):
            try:
                events = decided(now, command, Context(1000 * second))
            except Refusal:
                continue
            before, now = now, after(now, command, at=1000 * second)
            assert len(set(now.offers.pending)) == len(now.offers.pending)
            assert not set(now.offers.pending) & set(now.offers.declined)
            if now.moves != before.moves or now.phase != "playing":
                assert now.offers == NO_OFFERS
            if now.clock is not None:
                assert min(now.clock.left) >= 0
                assert now.clock.running == (now.rules.to_move(now.position) if now.phase == "playing" else None)
            assert len(events) <= 1 or any(isinstance(event, Returned) for event in events)


# -- whether to go on -------------------------------------------------------------------------------------------------


def test_a_rematch_is_declined_by_the_other_or_not_wished_any_more() -> None:
    room = rematched(won_by_x(), "ann")
    assert decided(room, Decline("bob", R, "rematch")) == (RematchDeclined("bob", R, "O"),)
    assert decided(room, Decline("ann", R, "rematch")) == (RematchDeclined("ann", R, "X"),)
    room = after(room, Decline("bob", R, "rematch"))
    assert room.rematch == ()
    assert rematched(room, "bob").phase == "finished"
    assert rematched(room, "bob", "ann").phase == "playing"


def test_who_goes_wishes_for_no_rematch_any_more() -> None:
    """Else it would begin without them, and a rated one with a clock be lost before they hear of it."""
    room = rematched(won_by_x(), "ann")
    assert decided(room, Leave("ann", R)) == (RematchDeclined("ann", R, "X"), Left("ann", R))
    room = rematched(left(room, "ann"), "bob")
    assert (room.phase, room.rematch) == ("finished", ("O",))
    assert rematched(room, "ann").phase == "playing"
    over = rematched(resigned(playing(), "ann"), "ann")
    assert rematched(left(over, "ann"), "bob").phase == "finished"
    assert left(over, "bob", "ann").phase == "closed"
    assert decided(rematched(won_by_x(), "ann"), Leave("bob", R)) == (Left("bob", R),)


def test_a_rematch_that_nobody_wishes_for_is_not_declined() -> None:
    for room in (won_by_x(), started(), matched()):
        with pytest.raises(NoSuchOffer):
            decided(room, Decline("ann", R, "rematch"))
    room = watched(rematched(won_by_x(), "ann"), "cleo")
    for name, refusal in (("dan", NotInRoom), ("cleo", NotAPlayer)):
        with pytest.raises(refusal):
            decided(room, Decline(name, R, "rematch"))
