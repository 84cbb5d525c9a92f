"""What the clocks show: the servers' time goes on here, and stands while nobody answers."""

from __future__ import annotations

import pytest

from client.desktop.model.room.clocks import (
    Face,
    ServiceTimeEstimate,
    changes_with_time,
    faces,
    seconds_until,
    time_text,
)
from game.context import Context
from game.forms.room_view import View
from game.rooms.commands import Create, Join, Move
from game.rooms.state import nothing
from tests.client.desktop.model.seen import seen
from tests.game.playing import decided, evolved, left, request, resigned, started


def timed(clock: str, moved_at: int | None = None) -> View:
    """A game of ann and bob with a clock, which began at 0."""
    room = nothing("abcd")
    for command in (
        Create("ann", request(), "", "tictactoe", {}, 0, clock),
        Join("ann", request(), "player"),
        Join("bob", request(), "player"),
    ):
        room = evolved(room, decided(room, command))
    if moved_at is not None:
        room = evolved(room, decided(room, Move("ann", request(), 0), Context(at=moved_at)))
    return seen(room)


@pytest.mark.parametrize(
    ("left_ms", "text"),
    [(180_000, "3:00"), (179_999, "2:59"), (10_000, "0:10"), (9_999, "0:09.9"), (1_049, "0:01.0"), (0, "0:00.0")],
)
def test_a_face(left_ms: int, text: str) -> None:
    assert time_text(left_ms) == text


def test_one_clock_runs_and_is_a_warning_at_its_end() -> None:
    view = timed("1+1")
    assert faces(view, 0) == {"X": Face("1:00", False), "O": Face("1:00", False)}
    assert faces(view, 30_500) == {"X": Face("0:29", False), "O": Face("1:00", False)}
    assert faces(view, 50_001) == {"X": Face("0:09.9", True), "O": Face("1:00", False)}
    assert faces(view, 99_000) == {"X": Face("0:00.0", True), "O": Face("1:00", False)}
    moved = faces(timed("1+1", 5_000), 6_000)
    assert moved == {"X": Face("0:56", False), "O": Face("0:59", False)}


def test_a_short_time_for_a_move_is_a_warning_only_at_its_end() -> None:
    view = timed("10s")
    assert faces(view, 5_000) == {"X": Face("0:05.0", False), "O": Face("0:10", False)}
    assert (faces(view, 7_000) or {})["X"] == Face("0:03.0", True)


def test_a_game_without_clocks_has_no_faces_and_nothing_moves() -> None:
    view = seen(started())
    assert faces(view, 0) is None
    assert not changes_with_time(view)
    assert changes_with_time(timed("1+1"))
    assert changes_with_time(seen(left(started(), "bob"))), "how long somebody is away changes by itself"
    assert not changes_with_time(seen(resigned(started(), "bob")))


def test_service_time_goes_on_between_the_news_and_stands_while_the_connection_is_lost() -> None:
    time = ServiceTimeEstimate()
    assert time.at(5.0) == 0, "nothing is known"
    time.set(1_000, 10.0)
    assert time.at(12.5) == 3_500
    time.unanswered("watch", 13.0)
    time.unanswered("watch", 13.5)
    assert time.at(20.0) == 4_000
    time.answered("watch", 20.0)
    assert time.at(21.0) == 5_000
    time.set(9_000, 22.0)
    assert time.at(22.0) == 9_000, "the servers know better"


def test_counting_down() -> None:
    assert [seconds_until(5_000, at) for at in (0, 1, 1_000, 4_001, 5_000, 6_000)] == [5, 5, 4, 1, 0, 0]
