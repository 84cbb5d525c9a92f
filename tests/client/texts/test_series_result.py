"""How a series ended, in words."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from client.texts.games import terms
from client.texts.headline import headline
from client.texts.room import room_title
from client.texts.series_result import counted, result_text
from game.context import Context
from game.forms.room_view import View
from game.games.registry import short_list
from game.rooms.commands import Accept, ClaimGame, Create, Due, Join, Leave, Match, Offer, Resign
from game.rooms.state import Room, nothing
from game.rules import Outcome
from tests.client.desktop.model.seen import seen
from tests.game.playing import after, decided, evolved, request, started


def over(wins: dict[str, int], *, draws: int = 0, best_of: int = 3, aborted: bool = False) -> View:
    """The view after a series of ann and bob; the last game was won by who has won more, or aborted."""
    room = after(nothing("abcd"), Create("ann", request(), "", "tictactoe", {}, best_of))
    room = after(room, *(Join(name, request(), "player") for name in ("ann", "bob")), Resign("bob", request()))
    view = replace(seen(room), wins=wins, draws=draws, game_number=sum(wins.values()) + draws, series_over=True)
    if aborted:
        assert view.outcome is not None
        outcome = Outcome("aborted", None, view.outcome.line)
        return replace(view, outcome=outcome, game_number=view.game_number + 1)
    return view


@pytest.mark.parametrize(
    ("view", "ann", "bob", "eve"),
    [
        (over({"ann": 2, "bob": 1}), "You won 2–1", "You lost 1–2", "ann won 2–1"),
        (over({"bob": 2}), "You lost 0–2", "You won 2–0", "bob won 2–0"),
        (over({"ann": 1}, best_of=1), "You won", "You lost", "ann won"),
        (over({}, draws=1, best_of=1), "Draw", "Draw", "Draw"),
        (over({"ann": 1, "bob": 1}, draws=1), *["Series drawn 1–1"] * 3),
        (over({}, aborted=True), *["Match aborted"] * 3),
        (over({"ann": 1}, aborted=True), "You won", "You lost", "ann won"),
    ],
)
def test_the_result_of_a_series_to_whoever_looks(view: View, ann: str, bob: str, eve: str) -> None:
    assert [result_text(view, me) for me in ("ann", "bob", "eve")] == [ann, bob, eve]


def test_the_games_that_count_are_those_of_this_series_without_an_aborted_one() -> None:
    assert list(counted(over({"ann": 2, "bob": 1}))) == [1, 2, 3]
    assert list(counted(replace(over({"ann": 2}), game_number=7))) == [6, 7], "the second series in that room"
    assert list(counted(over({"ann": 1}, aborted=True))) == [1]
    assert list(counted(over({}, aborted=True))) == []


def match(bots: tuple[str, ...] = ()) -> Room:
    """A match of ann and bob, who choose what to play."""
    room = nothing("abcd")
    made = Match("", request(), "tictactoe", ("ann", "bob"), short_list("tictactoe"), rated=True, bots=bots)
    return evolved(room, decided(room, made))


def test_while_they_choose_and_when_lots_were_drawn() -> None:
    room = match(("bob",))
    assert [headline(seen(room), me).text for me in ("ann", "eve")] == [
        "Choose what to play",
        "The players choose what to play",
    ]
    assert room_title(seen(room)) == "Match"
    room = evolved(room, decided(room, Due("", "house-1"), Context(at=15_000, chance=0)))
    assert headline(seen(room), "bob").text == "ann is to move"
    assert room_title(seen(room)) == "3×3, 3 in a row · one game"
    room = after(room, Resign("ann", request()))
    assert headline(seen(room), "eve").text == "bob (bot) won — ann resigned", "a bot is shown as one"
    assert result_text(seen(room), "eve") == "bob (bot) won"


def test_endings_that_the_board_does_not_show_are_said() -> None:
    room = started()
    gone = evolved(room, decided(room, Leave("bob", request())))
    claims = {"win": "You won — bob left the game", "draw": "Draw — a player left the game"}
    for result, text in claims.items():
        claimed = evolved(gone, decided(gone, ClaimGame("ann", request(), result), Context(at=60_000)))
        assert headline(seen(claimed), "ann").text == text
    agreed = after(room, Offer("ann", request(), "draw"), Accept("bob", request(), "draw"))
    assert headline(seen(agreed), "eve").text == "Draw by agreement"
    aborted = after(room, Offer("ann", request(), "abort"), Accept("bob", request(), "abort"))
    assert headline(seen(aborted), "eve").text == "Game aborted"
    timed = after(
        nothing("abcd"),
        Create("ann", request(), "", "tictactoe", {}, 0, "10s"),
        *(Join(name, request(), "player") for name in ("ann", "bob")),
    )
    late = evolved(timed, decided(timed, Due("", "house-1"), Context(at=10_000)))
    assert [headline(seen(late), me).text for me in ("ann", "bob", "eve")] == [
        "Your time is up",
        "You won — ann’s time is up",
        "bob won — ann’s time is up",
    ]
    assert terms(seen(late)) == "3×3, 3 in a row · 10 s a move"
