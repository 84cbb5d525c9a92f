"""The bars under the board, as whoever looks sees them."""

from __future__ import annotations

import pytest

from client.desktop.model.room.offers import Bar, bars, may_be_offered
from game.context import Context
from game.rooms.commands import Create, Join, Leave, Offer
from game.rooms.state import Room, nothing
from tests.client.desktop.model.seen import seen
from tests.game.playing import after, decided, evolved, played, rematched, request, resigned, started, won_by_x


def offered(room: Room, by: str, what: str) -> Room:
    return after(room, Offer(by, request(), what))


def texts(room: Room, me: str, at: int = 0) -> list[tuple[str, list[str]]]:
    """What the bars say, with their buttons."""
    return [(bar.text, [reply.text for reply in bar.replies]) for bar in bars(seen(room), me, at)]


def test_an_offer_is_answered_by_one_withdrawn_by_the_other_and_read_by_the_rest() -> None:
    room = offered(played(started(), 0), "bob", "draw")
    assert texts(room, "ann") == [("bob offers a draw", ["Accept", "Decline"])]
    assert texts(room, "bob") == [("You offer a draw", ["Withdraw"])]
    assert texts(room, "eve") == [("bob offers a draw", [])]
    assert texts(played(room, 1), "ann") == [], "gone with the next move"


def test_what_can_be_offered_depends_on_the_moves() -> None:
    assert may_be_offered(seen(started()), "X") == ("draw", "abort")
    assert may_be_offered(seen(played(started(), 0)), "X") == ("draw", "takeback", "abort")
    assert may_be_offered(seen(played(started(), 0, 1)), "O") == ("draw", "takeback")
    assert may_be_offered(seen(offered(started(), "ann", "draw")), "X") == ("abort",), "that stands"
    assert may_be_offered(seen(started()), None) == ()
    assert may_be_offered(seen(won_by_x()), "X") == ()


def test_who_wants_a_rematch() -> None:
    assert bars(seen(won_by_x()), "ann", 0) == ()
    wished = rematched(won_by_x(), "bob")
    assert texts(wished, "ann") == [("bob offers a rematch", ["Decline"])]
    assert texts(wished, "bob") == [("You offer ann a rematch", ["Withdraw"])]
    assert texts(wished, "eve") == [("bob offers a rematch", [])]


def test_the_next_game_of_a_series_counts_down() -> None:
    room = after(nothing("abcd"), Create("ann", request(), "", "tictactoe", {}, 3))
    room = resigned(after(room, *(Join(name, request(), "player") for name in ("ann", "bob"))), "ann")
    assert texts(room, "ann", 0) == [("The next game starts in 5 s", [])]
    assert texts(room, "ann", 4_001) == [("The next game starts in 1 s", [])]
    room = rematched(room, "bob")
    assert texts(room, "ann", 0) == [("The next game starts in 5 s; bob is ready", [])]
    assert texts(room, "bob", 0) == [("The next game starts in 5 s, or when ann is ready", [])]


@pytest.mark.parametrize(
    ("away_ms", "bar"),
    [
        (4_999, None),
        (5_000, ("bob is away: you can claim the game in 55 s", [])),
        (59_999, ("bob is away: you can claim the game in 1 s", [])),
        (60_000, ("bob is away: you can claim the game", ["Claim victory", "Claim a draw"])),
    ],
)
def test_who_stays_away_can_lose_the_game(away_ms: int, bar: tuple[str, list[str]] | None) -> None:
    room = started()
    room = evolved(room, decided(room, Leave("bob", request()), Context(at=1000)))
    assert texts(room, "ann", 1000 + away_ms) == ([] if bar is None else [bar])
    assert texts(room, "eve", 1000 + away_ms) == [], "who watches claims nothing"
    assert bars(seen(room), "ann", 1000 + 500, claim_after_ms=500)[0].text == "bob is away: you can claim the game", (
        "as the servers say"
    )


def test_a_bar_without_anything_to_say_is_not_there() -> None:
    assert bars(seen(started()), "ann", 0) == ()
    assert Bar("said").replies == ()
