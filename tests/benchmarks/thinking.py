"""How long a search takes that may think for ``THINKS_S``, how long single steps of it are, and how much it holds up
another thread of its process that makes many small calls, as windows and servers do.

    python tests/benchmarks/thinking.py

Lateness is by the wall clock, so a busy machine's is in it too; steps are in the thread's own processor time.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[2]))

from game.bots.search import GoOn
from game.bots.strategy import THINKS_S, choose, within
from game.games.tictactoe import TicTacToe, rules_with

BOARDS = ((10, 10, 5), (10, 10, 4), (10, 10, 7), (10, 10, 10), (10, 3, 4))
GAMES = 4
CALLS = 200
"""How many small calls a drawing or an answer is made of."""
WATCHED_S = 3.0
FRAME_S = 0.016


class Thoughts:
    """What the search's looks at the clock tell, move by move."""

    def __init__(self) -> None:
        self.looks = 0
        self.searched_s = 0.0
        self.over_ms: list[float] = []
        self.longest_ms: list[float] = []

    def move(self, play: Callable[[GoOn], int]) -> int:
        """Let a move be found in ``THINKS_S``; only moves that took all that time count."""
        began = time.perf_counter()
        last, longest, looks = time.thread_time(), 0.0, 0

        def go_on() -> bool:
            nonlocal last, longest, looks
            now = time.thread_time()
            last, longest, looks = now, max(longest, now - last), looks + 1
            return time.perf_counter() < began + THINKS_S

        cell = play(go_on)
        took = time.perf_counter() - began
        if took > THINKS_S:
            self.over_ms.append((took - THINKS_S) * 1000)
            self.longest_ms.append(max(longest, time.thread_time() - last) * 1000)
            self.looks += looks
            self.searched_s += took
        return cell


def think(rules: TicTacToe) -> Thoughts:
    """Games of hard against medium, from both seats."""
    thoughts = Thoughts()
    for number in range(GAMES):
        chance, position = random.Random(number), rules.opening()
        while position.turn is not None:
            shown, seat = rules.describe(position), position.turn
            if (seat == "X") == (number % 2 == 0):
                cell = thoughts.move(lambda go_on: choose("hard", shown, seat, chance, go_on))  # noqa: B023  # called at once
            else:
                cell = choose("medium", shown, seat, chance, lambda: True)
            position = rules.play(position, seat, cell)
    return thoughts


def held_up(budget: Callable[[], GoOn] | None) -> tuple[float, float]:
    """How many ms ``CALLS`` small calls take beside a search, on average and at most."""
    stop = threading.Event()
    rules = rules_with({"width": 10, "height": 10, "in_a_row": 5})
    shown = {**rules.options(), "cells": "." * 44 + "XOX" + "." * 53}

    def search() -> None:
        while budget is not None and not stop.is_set():
            choose("hard", shown, "O", random.Random(1), budget())

    thread = threading.Thread(target=search)
    thread.start()
    reader, writer = os.pipe()
    took = []
    ends_at = time.perf_counter() + WATCHED_S
    while time.perf_counter() < ends_at:
        time.sleep(FRAME_S)
        began = time.perf_counter()
        for _ in range(CALLS // 2):
            os.write(writer, b"x")
            os.read(reader, 1)
        took.append((time.perf_counter() - began) * 1000)
    stop.set()
    thread.join()
    os.close(reader)
    os.close(writer)
    return statistics.mean(took), max(took)


def restless() -> GoOn:
    """A budget that never lets others go first."""
    ends_at = time.monotonic() + THINKS_S
    return lambda: time.monotonic() < ends_at


def main() -> None:
    """Measure and show."""
    console = Console()
    table = Table(title=f"hard, {THINKS_S:g} s a move")
    for title in ("board", "moves", "late, longest", "a step: 95 %", "longest", "positions a second"):
        table.add_column(title, justify="left" if title == "board" else "right")
    for width, height, in_a_row in BOARDS:
        thoughts = think(rules_with({"width": width, "height": height, "in_a_row": in_a_row}))
        moves, longest = len(thoughts.over_ms), sorted(thoughts.longest_ms)
        if moves:
            figures = [
                f"{max(thoughts.over_ms):.1f} ms",
                f"{longest[int(moves * 0.95)]:.1f} ms",
                f"{longest[-1]:.1f} ms",
            ]
            speed = f"{thoughts.looks / thoughts.searched_s:,.0f}"
            table.add_row(f"{width}×{height}, {in_a_row} in a row", str(moves), *figures, speed)
    console.print(table)
    for what, budget in (
        ("alone", None),
        ("beside a search that never rests", restless),
        ("beside a search as bots have it", lambda: within(THINKS_S, time.monotonic, time.sleep)),
    ):
        mean_ms, longest_ms = held_up(budget)
        console.print(f"{CALLS} small calls {what}: {mean_ms:.2f} ms on average, longest {longest_ms:.1f} ms")


if __name__ == "__main__":
    main()
