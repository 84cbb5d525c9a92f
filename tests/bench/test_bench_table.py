"""The benchmark's table for people: nothing of it is cut off."""

from __future__ import annotations

import io

from rich.console import Console

from bench.calls import Calls
from bench.conditions import Conditions
from bench.figures import FigureRow, Round
from bench.report import as_table, explained
from bench.run import BenchRun
from bench.yardsticks import ECHO

USED_US = {"main": 424.4, "replica": 196.1, "echo": 45.0}
ROWS = (
    FigureRow(
        "moves",
        "moves",
        "moves/s",
        (Round(12345.6, 54321.0, USED_US), Round(9.0, 98765.0, USED_US)),
        "echoes",
        0.65,
        "at least",
        reach=1.2,
    ),
    FigureRow("takeover flat out", "takeovers", "ms", (Round(103.4, 94.9),), "an import"),
    FigureRow("audience of 1000", "an audience", "ms", (Round(263.4), Round(1440.6))),
    FigureRow("memory", "a room", "bytes", (Round(7416.0),), target=8192),
    FigureRow("start", "a start", "s", (Round(0.9, processor_us={"main": 700_000.0}),), processor_for="the start"),
)
ECHOES = tuple(Calls(9000.0, (p50_us / 1e6,), {ECHO: 44.0}) for p50_us in (70.0, 75.0, 80.0))


def shown(conditions: Conditions) -> str:
    written = io.StringIO()
    Console(file=written, width=80).print(as_table(BenchRun(ROWS, conditions)))
    return written.getvalue()


def test_the_table_is_whole_in_80_columns() -> None:
    said = shown(Conditions(0.1, ECHOES))
    assert "…" not in said
    parts = (
        "takeover flat out",
        "moves/s",
        "0.00–0.23",
        "≥ 0.65",
        "no",
        "263–1441",
        "≤ 8192",
        "yes",
        "424+196µs",
        "700ms",
    )
    for whole in parts:
        assert whole in said
    assert max(map(len, said.splitlines())) <= 80


def test_a_verdict_is_in_parentheses_unless_the_run_was_quiet() -> None:
    assert "yes" in shown(Conditions(0.49, ECHOES))
    assert "(" not in shown(Conditions(0.49, ECHOES))
    assert "(yes)" in shown(Conditions(0.5, ECHOES))
    assert "(yes)" in shown(Conditions(0.1, (*ECHOES, Calls(9000.0, (81e-6,), {ECHO: 44.0}))))


def test_the_explanation_has_processor_times_conditions_and_the_row_to_reach_for() -> None:
    said = explained(BenchRun(ROWS, Conditions(0.1, ECHOES)))
    for part in (
        "quiet, the rows count",
        "70 to 80 µs",
        "44 µs",
        "uvloop",
        "main 424, replica 196, echo 45",
        "reach for 1.2",
    ):
        assert part in said
