"""Whoever offered something reads that it came to nothing, and nobody else does."""

from __future__ import annotations

import pytest

from client.room_news import News
from client.texts.offers import outcome
from game.match.offers import OfferKind
from game.rooms.commands import Accept, Command, Decline, Leave, Move, Offer, Rematch
from game.rooms.evolve import evolve
from game.rooms.state import Room
from tests.client.desktop.model.seen import seen
from tests.game.playing import decided, played, request, started, won_by_x


def told(room: Room, *commands: Command, gap: bool = False) -> dict[str, str]:
    """What each of the two reads once these commands were carried out, in one piece of news."""
    before, events = seen(room), []
    for command in commands:
        for event in decided(room, command):
            room = evolve(room, event)
            events.append((room.version, event))
    news = News(() if gap else tuple(events), seen(room), gap)
    return {name: outcome(before, news, name) for name in ("ann", "bob", "eve")}


def offers(by: str, what: str) -> Offer:
    return Offer(by, request(), what)


def declines(by: str, what: str) -> Decline:
    return Decline(by, request(), what)


def moves(by: str, cell: int) -> Move:
    return Move(by, request(), cell)


NOTHING = {"ann": "", "bob": "", "eve": ""}


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("draw", "bob declined the draw"),
        ("takeback", "bob declined the takeback"),
        ("abort", "bob declined to abort the game"),
    ],
)
@pytest.mark.parametrize("in_one_piece", [True, False])
def test_an_offer_that_is_declined(what: OfferKind, said: str, in_one_piece: bool) -> None:
    room, offer = played(started(), 0), offers("ann", what)
    if in_one_piece:
        found = told(room, offer, declines("bob", what))
    else:
        (event,) = decided(room, offer)
        found = told(evolve(room, event), declines("bob", what))
    assert found == {**NOTHING, "ann": said}


def test_an_offer_that_is_withdrawn_or_accepted_says_nothing() -> None:
    room = played(started(), 0)
    assert told(room, offers("ann", "draw"), declines("ann", "draw")) == NOTHING
    assert told(room, offers("ann", "takeback"), Accept("bob", request(), "takeback")) == NOTHING
    assert told(room, offers("ann", "draw"), Accept("bob", request(), "draw")) == NOTHING


def test_an_offer_ends_with_the_opponent_s_move_and_that_is_said() -> None:
    room = played(started(), 0)
    assert told(room, offers("ann", "draw"), moves("bob", 1)) == {
        **NOTHING,
        "ann": "bob moved, which ended your draw offer",
    }
    assert told(room, offers("bob", "draw"), moves("bob", 1)) == NOTHING, "bob knows that he moved"


def test_a_rematch_that_is_declined() -> None:
    room = won_by_x()
    options = Rematch("bob", request())
    assert told(room, options, declines("ann", "rematch")) == {**NOTHING, "bob": "ann declined the rematch"}
    assert told(room, options, declines("bob", "rematch")) == NOTHING
    assert told(room, options, Leave("bob", request())) == NOTHING, "whoever goes withdraws it"
    assert told(room, options, Rematch("ann", request())) == NOTHING


def test_after_a_gap_what_is_gone_is_said_from_the_two_views() -> None:
    room = played(started(), 0)
    (event,) = decided(room, offers("ann", "draw"))
    offered = evolve(room, event)
    assert told(offered, moves("bob", 1), gap=True)["ann"] == "bob moved, which ended your draw offer"
    assert told(offered, gap=True) == NOTHING, "it stands"
