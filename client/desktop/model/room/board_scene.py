"""What the board shows, computed from a view. Pure, so tests need no window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from game.forms.room_view import View
from game.games.tictactoe import EMPTY, TicTacToe, rules_with
from game.rules import Seat


@dataclass(frozen=True)
class Scene:
    """A board to draw.

    ``marks`` has the cells row by row ("X", "O" or "."), including the user's pending move, ``pending``. ``lit`` are
    the highlighted cells: the winning cells, otherwise the last move. ``lines`` are the winning lines, each with its
    first and last cell. ``seat`` is the user's seat.
    """

    columns: int
    rows: int
    marks: str
    lit: frozenset[int]
    lines: tuple[tuple[int, int], ...]
    pending: int | None
    seat: Seat | None


def scene(view: View, seat: Seat | None, *, step: int | None = None, pending: int | None = None) -> Scene:
    """Return the board after ``step`` moves, or the current board with the user's pending move."""
    if step is not None:
        return scene_of(view.options, view.moves, step, seat)
    return _drawn(rules_with(view.options), view.board, seat, pending)


def scene_of(
    options: Mapping[str, Any], moves: Sequence[tuple[Seat, Any]], step: int, seat: Seat | None = None
) -> Scene:
    """Return the board after the first ``step`` of these moves."""
    rules = rules_with(options)
    position = rules.opening()
    for mover, move in moves[:step]:
        position = rules.play(position, mover, move)
    return _drawn(rules, rules.describe(position), seat, None)


def _drawn(rules: TicTacToe, board: Mapping[str, Any], seat: Seat | None, pending: int | None) -> Scene:
    marks, last, won = board["cells"], board["last"], frozenset(board["line"])
    # One move can complete several lines.
    complete = [line for line in rules.lines_through(last) if won.issuperset(line)] if won else []
    if pending is not None and seat is not None and marks[pending] == EMPTY:
        marks = marks[:pending] + seat + marks[pending + 1 :]
    else:
        pending = None
    lit = won or frozenset([] if last is None else [last])
    lines = tuple((line[0], line[-1]) for line in complete)
    return Scene(rules.width, rules.height, marks, lit, lines, pending, seat)
