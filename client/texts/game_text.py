"""A finished game as text for people: players, date, terms, every move, the last position and the result. Pure.

Cells have names as on a chess board, but from the top: column a to j, then row 1 to 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

from game.forms.records import GameRecord
from game.games.registry import rules_named
from game.games.tictactoe import DEFAULTS
from game.rules import Termination, other

_ENDS: Mapping[Termination, str] = {
    "line": "{winner} won: {row} in a row.",
    "full": "Draw: the board is full.",
    "resigned": "{winner} won: {loser} resigned.",
    "time": "{winner} won: {loser}’s time was up.",
    "agreed": "Draw by agreement.",
    "left": "{winner} won: {loser} left the game.",
    "aborted": "Aborted.",
}


def cell_name(cell: int, width: int) -> str:
    """Return the name of a cell."""
    row, column = divmod(cell, width)
    return f"{chr(ord('a') + column)}{row + 1}"


def ending(record: GameRecord) -> str:
    """Return how a game ended, as a sentence."""
    if record.winner is None:
        return "Draw: a player left the game." if record.termination == "left" else _ENDS[record.termination]
    winner, loser = record.seats[record.winner], record.seats[other(record.winner)]
    return _ENDS[record.termination].format(
        winner=winner, loser=loser, row=record.options.get("in_a_row", DEFAULTS["in_a_row"])
    )


def date_text(record: GameRecord) -> str:
    """Return the date on which a game began, in UTC."""
    return datetime.fromtimestamp(record.date, timezone.utc).strftime("%Y-%m-%d")


def as_text(record: GameRecord) -> str:
    """Return the game as text for people. Raises a Refusal for moves that cannot have been played."""
    rules = rules_named(record.game, record.options)
    width, height = int(record.options["width"]), int(record.options["height"])
    position = rules.opening()
    moves = []
    for number, (seat, move) in enumerate(record.moves, 1):
        position = rules.play(position, seat, move)
        moves.append(f"{number:3}. {seat} {cell_name(move, width)}")
    cells = str(rules.describe(position)["cells"])
    players = " – ".join(
        f"{name} ({seat}{', bot' if name in record.bots else ''})" for seat, name in record.seats.items()
    )
    terms = [f"{width}×{height}, {record.options['in_a_row']} in a row", f"clock {record.clock}"]
    terms += [f"best of {record.best_of}"] if record.best_of else []
    terms += ["rated"] if record.rated else []
    board = [" ".join(cells[row * width : (row + 1) * width]) for row in range(height)]
    head = [players, f"{date_text(record)}, game {record.number} in room {record.room}", ", ".join(terms)]
    return "\n".join([*head, "", *moves, "", *board, "", ending(record), ""])
