"""What is played and by whom, as short texts: boards, clocks, series, players."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from client.views import Row
from game.forms.records import GameRecord
from game.forms.room_view import SeatView, View
from game.games.tictactoe import DEFAULTS
from game.match.selection import ANY, Proposal
from game.rules import Seat

Part = Literal["board", "best_of", "clock"]
PARTS: Mapping[Part, str] = {"board": "Board", "best_of": "Series", "clock": "Clock"}
"""The parts of what a match plays, with their titles."""


def name_in(view: View, seat: Seat) -> str:
    """Return the name of a seat's player; empty for a free seat."""
    owner: SeatView | None = view.seats[seat]
    return "" if owner is None else owner.name


def called(view: View, name: str) -> str:
    """Return a person's or bot's name in a room; a bot is marked as a bot."""
    return called_in(view.bots, name)


def called_in(bots: Sequence[str], name: str) -> str:
    """Return a name, marked if it is among ``bots``."""
    return f"{name} (bot)" if name in bots else name


def board_size(options: Mapping[str, Any]) -> str:
    """Return the size of a board: "5×4, 4 in a row"."""
    width, height, in_a_row = _sizes(options)
    return f"{width}×{height}, {in_a_row} in a row"


def _sizes(options: Mapping[str, Any]) -> Iterator[int]:
    return (options.get(name, default) for name, default in DEFAULTS.items())


def clock(rule: str) -> str:
    """Return a clock rule as text: "unlimited", "10 s a move", "3 min + 2 s"."""
    if rule == "none":
        return "unlimited"
    minutes, plus, more = rule.partition("+")
    return f"{minutes} min + {more} s" if plus else f"{rule[:-1]} s a move"


def series(best_of: int) -> str:
    """Return the length of a series as text: "one game", "best of 3"; empty for a series without end."""
    return "" if not best_of else "one game" if best_of == 1 else f"best of {best_of}"


def terms(of: Row | View | GameRecord) -> str:
    """Return what is played in a room or game: the board and, if there are any, the series and the clock."""
    parts = [board_size(of.options), series(of.best_of), "" if of.clock == "none" else clock(of.clock)]
    return " · ".join(part for part in parts if part)


def brief_terms(of: Row | View) -> str:
    """Return the terms for a narrow column: "3×3 · best of 3 · 1+1".

    The number in a row is left out if it equals the board's shorter side.
    """
    width, height, in_a_row = _sizes(of.options)
    board = f"{width}×{height}" + ("" if in_a_row == min(width, height) else f", {in_a_row} in a row")
    parts = [board, series(of.best_of), "" if of.clock == "none" else of.clock]
    return " · ".join(part for part in parts if part)


def board_name(board: str) -> str:
    """Return a board of the short list ("3x3") in the form that people write."""
    return board.replace("x", "×")


def choice(part: Part, value: str | int) -> str:
    """Return a value of a part of what a match plays, as the text of a button."""
    if value == ANY:
        return f"Any {part}"
    if part == "best_of":
        return series(int(value)).capitalize()
    return board_name(str(value)) if part == "board" else clock(str(value)).capitalize()


def proposal(what: Proposal) -> str:
    """Return a proposal as text: "3×3, best of 3, 3 min + 2 s"."""
    return f"{board_name(what.board)}, {series(what.best_of)}, {clock(what.clock)}"


def room_name(title: str, room: str) -> str:
    """Return the name of a room; with its id if it has no title."""
    return title or f"Room {room}"
