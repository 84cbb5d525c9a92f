"""What is shown of a room: the view inside, and the row in the lobby."""

from __future__ import annotations

from game.context import Context, Limits
from game.forms.room_view import SHOWN_SPECTATORS
from game.forms.views import summary, view
from game.rooms.commands import Create, Join
from game.rooms.decide import decide
from game.rooms.evolve import evolve
from game.rooms.state import nothing
from tests.game.playing import after, left, opened, played, rematched, request, resigned, started, watched, won_by_x


def test_the_view_of_a_running_game() -> None:
    room = left(watched(played(started(), 4, 0), "cleo"), "bob")
    assert view(room) == {
        "room": "abcd",
        "version": 8,
        "title": "A table",
        "owner": "ann",
        "phase": "playing",
        "game": "tictactoe",
        "options": {"width": 3, "height": 3, "in_a_row": 3},
        "board": {"width": 3, "height": 3, "in_a_row": 3, "cells": "O...X....", "last": 0, "line": []},
        "seats": {
            "X": {"name": "ann", "present": True, "away_since": None},
            "O": {"name": "bob", "present": False, "away_since": 0},
        },
        "turn": "X",
        "outcome": None,
        "moves": [["X", 4], ["O", 0]],
        "game_number": 1,
        "wins": {},
        "draws": 0,
        "rematch": [],
        "spectators": ["cleo"],
        "spectator_count": 1,
        "best_of": 0,
        "clock": "none",
        "rated": False,
        "bots": [],
        "private": False,
        "locked": False,
        "series_over": False,
        "due_at": None,
        "selection": None,
        "time": None,
        "offers": [],
    }


def test_the_view_of_a_finished_game_names_winner_line_and_wishes() -> None:
    shown = view(rematched(won_by_x(), "bob"))
    assert shown["outcome"] == {"termination": "line", "winner": "X", "winner_name": "ann", "line": [0, 1, 2]}
    assert (shown["turn"], shown["rematch"], shown["wins"]) == (None, ["O"], {"ann": 1})


def test_nobodys_turn_after_a_resignation() -> None:
    shown = view(resigned(played(started(), 4), "ann"))
    assert shown["turn"] is None
    assert shown["outcome"] == {"termination": "resigned", "winner": "O", "winner_name": "bob", "line": []}


def test_a_draw_has_no_winner() -> None:
    shown = view(played(started(), 0, 1, 2, 4, 3, 5, 7, 6, 8))
    assert shown["outcome"] == {"termination": "full", "winner": None, "winner_name": None, "line": []}
    assert shown["draws"] == 1


def test_a_free_seat_is_shown_as_none() -> None:
    assert view(opened())["seats"] == {"X": None, "O": None}
    assert view(opened())["turn"] is None


def test_of_a_big_audience_the_first_and_the_number_are_shown() -> None:
    room = started()
    for number in range(SHOWN_SPECTATORS + 10):
        join = Join(f"guest{number}", request(), "spectator")
        for event in decide(room, join, Context(), Limits(people=1000)):
            room = evolve(room, event)
    shown = view(room)
    assert shown["spectators"] == [f"guest{number}" for number in range(SHOWN_SPECTATORS)]
    assert shown["spectator_count"] == summary(room)["spectator_count"] == SHOWN_SPECTATORS + 10


def test_the_row_in_the_lobby() -> None:
    room = after(nothing("abcd"), Create("ann", request(), "", "tictactoe", {"width": 4}))
    assert summary(watched(room, "cleo")) == {
        "room": "abcd",
        "title": "",
        "owner": "ann",
        "phase": "waiting",
        "game": "tictactoe",
        "options": {"width": 4, "height": 3, "in_a_row": 3},
        "players": {"X": None, "O": None},
        "spectator_count": 1,
        "game_number": 0,
        "best_of": 0,
        "clock": "none",
        "rated": False,
        "private": False,
        "match": False,
        "timed": False,
    }


def test_changing_a_view_changes_no_room() -> None:
    room = won_by_x()
    shown = view(room)
    for part in shown.values():
        if isinstance(part, (dict, list)):
            part.clear()
    assert view(room) == view(won_by_x())
