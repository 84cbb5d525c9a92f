"""The benchmark's rows for people and as JSON, with a description of the machine."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from bench.measures.figures import FigureRow
from bench.measures.growth import rooms_row
from bench.picture import growth_picture

NO_DECIMALS_FROM = 100
"""Figures from here on have no decimals."""
TENS_FROM = 10
"""Ratios from here on are written like other figures; smaller ones have two decimals."""
LIBRARIES = ("Pyro4", "msgpack", "serpent")


def machine() -> dict[str, object]:
    """Describe the machine of the measurement."""
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in LIBRARIES},
    }


def as_plain(rows: Sequence[FigureRow]) -> dict[str, object]:
    """Return the report as a dictionary for JSON."""
    return {"machine": machine(), "rows": {row.name: row.as_plain() for row in rows}}


def write(rows: Sequence[FigureRow], file: Path) -> None:
    """Write the report as JSON. If growth was measured, write its chart next to it as ``.svg``."""
    file.write_text(json.dumps(as_plain(rows), indent=2) + "\n")
    if any(row.name == rooms_row(1) for row in rows):
        file.with_suffix(".svg").write_text(growth_picture(rows))


def as_table(rows: Sequence[FigureRow]) -> Table:
    """Return the report for people. It fits in 80 columns."""
    figures = ("value", "yardstick", "unit", "ratio", "rounds", "target")
    table = Table(
        Column("row", no_wrap=True),
        *(Column(name, justify="left" if name == "unit" else "right", no_wrap=True) for name in figures),
        Column("holds", no_wrap=True),
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for row in rows:
        table.add_row(row.name, _figure(row.value), *_held(row))
    return table


def explained(rows: Sequence[FigureRow]) -> str:
    """Return an explanation of each row, a line each."""
    lines = []
    for row in rows:
        yardstick = f"; yardstick: {row.yardstick_is}" if row.yardstick_is else ""
        note = f" ({row.note})" if row.note else ""
        lines.append(f"{row.name}: {row.what}{yardstick}{note}")
    return "\n".join(lines)


def _held(row: FigureRow) -> tuple[str, ...]:
    yardstick = "" if row.yardstick is None else _figure(row.yardstick)
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    spread = (
        ""
        if len(row.rounds) == 1
        else "–".join(f"{one:.2f}" if one < TENS_FROM else _figure(one) for one in row.spread)
    )
    sign = "≤" if row.bound == "at most" else "≥"
    target = "" if row.target is None else f"{sign} {row.target:g}"
    return yardstick, row.unit, ratio, spread, target, {None: "", True: "yes", False: "no"}[row.holds]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= NO_DECIMALS_FROM else f"{value:.3g}"
