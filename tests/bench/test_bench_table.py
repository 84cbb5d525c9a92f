"""The benchmark's table for people: nothing of it is cut off."""

from __future__ import annotations

import io

from rich.console import Console

from bench.measures.figures import FigureRow, Round
from bench.report import as_table

ROWS = (
    FigureRow("moves", "moves", "moves/s", (Round(12345.6, 54321.0), Round(9.0, 98765.0)), "echoes", 0.65, "at least"),
    FigureRow("takeover flat out", "takeovers", "ms", (Round(103.4, 94.9),), "an import"),
    FigureRow("audience of 1000", "an audience", "ms", (Round(263.4), Round(1440.6))),
    FigureRow("memory", "a room", "bytes", (Round(7416.0),), target=8192),
)


def test_the_table_is_whole_in_80_columns() -> None:
    written = io.StringIO()
    Console(file=written, width=80).print(as_table(ROWS))
    said = written.getvalue()
    assert "…" not in said
    for whole in ("takeover flat out", "moves/s", "0.00–0.23", "≥ 0.65", "no", "263–1,441", "≤ 8192", "yes"):
        assert whole in said
    assert max(map(len, said.splitlines())) <= 80
