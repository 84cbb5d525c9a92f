"""The benchmark's rows for people and as JSON, with a description of the machine."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from bench.figures import FigureRow
from bench.measures.growth import rooms_row
from bench.picture import growth_picture
from bench.run import BenchRun

NO_DECIMALS_FROM = 100
"""Figures from here on have no decimals."""
TENS_FROM = 10
"""Rounds from here on have one decimal; smaller ones have two."""
LIBRARIES = ("Pyro4", "msgpack", "serpent")
LOG_NAMES = ("main", "replica")
UNITS = ((1e4, 1e3, "ms"), (0.0, 1.0, "µs"))


def machine() -> dict[str, object]:
    """Describe the machine of the measurement."""
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "uvloop": "can be imported" if find_spec("uvloop") else "missing",
        **{name: version(name) for name in LIBRARIES},
    }


def as_plain(run: BenchRun) -> dict[str, object]:
    """Return the report as a dictionary for JSON."""
    rows = {row.name: row.as_plain() for row in run.rows}
    return {"machine": machine(), "conditions": run.conditions.as_plain(), "rows": rows}


def write(run: BenchRun, file: Path) -> None:
    """Write the report as JSON. If growth was measured, write its chart next to it as ``.svg``."""
    file.write_text(json.dumps(as_plain(run), indent=2) + "\n")
    if any(row.name == rooms_row(1) for row in run.rows):
        file.with_suffix(".svg").write_text(growth_picture(run.rows))


def as_table(run: BenchRun) -> Table:
    """Return the report for people. It fits in 80 columns. Verdicts that do not count are in parentheses."""
    figures = ("value", "beside", "unit", "ratio", "rounds", "target", "holds", "cpu")
    table = Table(
        Column("row", no_wrap=True),
        *(Column(name, justify="left" if name in ("unit", "holds") else "right", no_wrap=True) for name in figures),
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=0,
    )
    for row in run.rows:
        table.add_row(row.name, _figure(row.value), *_held(row, counts=run.conditions.quiet))
    return table


def explained(run: BenchRun) -> str:
    """Return the machine, the conditions, and an explanation of each row, a line each."""
    lines = [", ".join(f"{name} {value}" for name, value in machine().items()), run.conditions.sentence()]
    for row in run.rows:
        yardstick = f"; beside: {row.yardstick_is}" if row.yardstick_is else ""
        used = ", ".join(f"{name} {_figure(us)}" for name, us in row.processor_us.items())
        processor = f"; processor µs {row.processor_for}: {used}" if used else ""
        reach = f"; reach for {row.reach:g}" if row.reach is not None else ""
        note = f" ({row.note})" if row.note else ""
        lines.append(f"{row.name}: {row.what}{yardstick}{processor}{reach}{note}")
    return "\n".join(lines)


def _held(row: FigureRow, *, counts: bool) -> tuple[str, ...]:
    yardstick = "" if row.yardstick is None else _figure(row.yardstick)
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    spread = "" if len(row.rounds) == 1 else "–".join(map(_bound, row.spread))
    sign = "≤" if row.bound == "at most" else "≥"
    target = "" if row.target is None else f"{sign} {row.target:g}"
    verdict = {None: "", True: "yes", False: "no"}[row.holds]
    held = verdict if counts or not verdict else f"({verdict})"
    return yardstick, row.unit, ratio, spread, target, held, _processor(row.processor_us)


def _processor(used_us: Mapping[str, float]) -> str:
    """Return the processor time at the servers of a move: main and replica, or the only server that was measured."""
    known = [used_us[name] for name in LOG_NAMES if name in used_us] or list(used_us.values())[:1]
    if not known:
        return ""
    divisor, unit = next((divisor, unit) for least, divisor, unit in UNITS if max(known) >= least)
    return "+".join(f"{us / divisor:.0f}" for us in known) + unit


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= NO_DECIMALS_FROM else f"{value:.3g}"


def _bound(value: float) -> str:
    """Return one end of the rounds, as precise as a ratio needs."""
    decimals = 2 if value < TENS_FROM else 1 if value < NO_DECIMALS_FROM else 0
    return f"{value:.{decimals}f}"
