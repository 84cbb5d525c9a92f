"""The commands ``demo``, ``rush``, ``chaos`` and ``hostile`` of ``tictactoe.py``.

Each runs on a sandbox cluster of its own, shows its progress and its report, writes the report if there is a file for
it, and returns whether nothing was found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from server.settings import load as load_settings
from verify.chaos.run import ChaosOptions, run_chaos
from verify.demo.report import DemoPlan
from verify.demo.run import run_demo
from verify.fuzz.attack import FuzzPlan
from verify.fuzz.report import write
from verify.fuzz.run import run_fuzz
from verify.load.report import LoadPlan
from verify.load.run import run_load
from verify.testbed.attack_surface import AttackSurface
from verify.testbed.fault_sandbox import sandbox_with_faults
from verify.testbed.local_cluster import sandbox_cluster

SURELY_HANGS_S = 5.0
"""The hang limit where a replaced server counts as a finding: it is so long that a busy machine cannot cause it."""
AN_HOUR_S = 3600.0
"""The away time of the load test: no user counts as away before it."""
KEEP_ALL: Mapping[str, Any] = {"keep_events": 1_000_000_000, "keep_closed_rooms": 1_000_000_000}
"""Where a run checks all events and rooms at its end, none may be removed before."""


def demo(plan: DemoPlan, console: Console, file: Path | None) -> bool:
    """Let bots play while servers are killed."""
    with sandbox_cluster(**KEEP_ALL, hang_s=SURELY_HANGS_S) as cluster:
        report = run_demo(cluster, plan, console)
    _write_json(report.as_plain(), file)
    return report.clean


def load(plan: LoadPlan, console: Console, file: Path | None) -> bool:
    """Let many people press Play at once while servers are killed."""
    with sandbox_cluster(**KEEP_ALL, away_s=AN_HOUR_S) as cluster:
        report = run_load(cluster, plan, console.print)
    console.print_json(data=report.as_plain())
    _write_json(report.as_plain(), file)
    return not report.wrong


def chaos(options: ChaosOptions, file: Path | None, *, keep: bool) -> bool:
    """Let clients play under faults of all kinds. With ``keep``, keep all files even if nothing was found."""
    with sandbox_with_faults(**KEEP_ALL, test_faults=load_settings().test_faults) as servers:
        report = run_chaos(
            servers,
            options,
            lambda line: print(line, flush=True),
            evidence=None if file is None else file.with_suffix(".evidence"),
            keep=keep,
        )
        print(report.as_markdown())
        if file is not None:
            report.write(file)
    return report.clean


def fuzz(plan: FuzzPlan, console: Console, file: Path | None) -> bool:
    """Send bad input while bots play by the rules."""
    with sandbox_cluster(**KEEP_ALL, hang_s=SURELY_HANGS_S) as cluster:
        report = run_fuzz(AttackSurface(cluster), plan, console.print)
        if file is not None:
            write(report, file)
        console.print_json(data=report.as_plain())
    return report.clean


def _write_json(plain: Mapping[str, object], file: Path | None) -> None:
    if file is not None:
        file.write_text(json.dumps(plain, indent=2) + "\n")
