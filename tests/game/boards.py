"""Boards for the tests of computer players: drawn, and legal positions by chance."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from game.games.tictactoe import LARGEST, SMALLEST, TicTacToe, rules_with
from game.rules import SEATS, Position, Rules, Seat

DRAWN = 0.7
"""How often a stone goes on the line that its side is drawn to."""


def board(in_a_row: int, rows: str) -> dict[str, object]:
    """The board of a view, drawn with a space between rows."""
    split = rows.split()
    return {"width": len(split[0]), "height": len(split), "in_a_row": in_a_row, "cells": "".join(split)}


def free_cells(position: Position) -> list[int]:
    """Where a stone may be put."""
    return [cell for cell, stone in enumerate(position.cells) if stone == "."]


def winning_cells(rules: Rules, position: Position, seat: Seat) -> set[int]:
    """The cells with which a seat wins at once, by the rules alone."""
    ends = {cell: rules.outcome(rules.play(position, seat, cell)) for cell in free_cells(position)}
    return {cell for cell, end in ends.items() if end is not None and end.termination == "line"}


@st.composite
def sizes(draw: st.DrawFn) -> TicTacToe:
    """Every size of board there is."""
    width, height = draw(st.integers(SMALLEST, LARGEST)), draw(st.integers(SMALLEST, LARGEST))
    return rules_with({"width": width, "height": height, "in_a_row": draw(st.integers(3, max(width, height)))})


@st.composite
def running_games(draw: st.DrawFn, left: int = LARGEST * LARGEST) -> tuple[TicTacToe, Any]:
    """Some size of board, and a legal position on it in which somebody is to move, with at most ``left`` cells free.

    Both play at random, but each is drawn to a line of its own, as long as that ends no game: else large boards would
    hardly ever be tense.
    """
    rules = draw(sizes())
    chance = random.Random(draw(st.integers(0, 2**32)))
    cells = rules.width * rules.height
    lines = {seat: chance.choice(rules.lines()) for seat in SEATS}
    position = rules.opening()
    for _ in range(draw(st.integers(max(0, cells - left), cells - 1))):
        free = free_cells(position)
        if not set(lines[position.turn]) & set(free):
            lines[position.turn] = chance.choice(rules.lines())
        wanted = [cell for cell in lines[position.turn] if cell in free]
        tried = chance.sample(free, len(free))
        if wanted and chance.random() < DRAWN:
            tried.insert(0, chance.choice(wanted))
        after = (rules.play(position, position.turn, cell) for cell in tried)
        following = next((after_it for after_it in after if after_it.outcome is None), None)
        if following is None:
            break
        position = following
    return rules, position
