"""docs/operations: every metric is in it and no other; dashboard, rules and tables are about what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.settings import ROOT, Settings, as_environment
from server.telemetry import metrics
from server.telemetry.counters import RECOVERY_BOUNDS_S, Distribution
from server.telemetry.metrics import Metric
from server.telemetry.metrics_port import text_of
from tests.server.telemetry.scraping import ALL, OF_THE_PROCESS, Scrape

DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
FOLDER = ROOT / "docs" / "operations"
RULES = (FOLDER / "alerts.yml").read_text()
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text())
OFFERED = {metric.name: metric for metric in ALL}
PROMETHEUS_OWN = {"up"}
IN_QUERIES = {
    *(name for name, metric in OFFERED.items() if metric.kind != "histogram"),
    *(f"{name}_{part}" for name, m in OFFERED.items() if m.kind == "histogram" for part in ("bucket", "sum", "count")),
    *OF_THE_PROCESS,
    *PROMETHEUS_OWN,
}
ROW = re.compile(r"^\| `(tictactoe_\w+)` \| (\w+) \|([^|]*)\| ([^|]+) \|$", re.MULTILINE)
NAME = re.compile(r"\b(?:tictactoe|process)_\w+\b|\bup\b(?=\{)")


def expressions_of_rules() -> list[str]:
    """Every ``expr`` of the rules, also those that go on over several lines. The file is plain YAML without tricks."""
    found = re.finditer(r"^( *)expr: (.*)\n((?:\1 +.*\n)*)", RULES, re.MULTILINE)
    return [f"{match[2]} {match[3]}" for match in found]


def expressions_of_dashboard() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def labels_of(expression: str) -> set[str]:
    grouped = re.findall(r"\b(?:by|ignoring|without|on) \(([^)]*)\)", expression)
    matched = re.findall(r"(\w+)\s*(?:=~|!=|!~|=)\s*\"", expression)
    return {label.strip() for group in grouped for label in group.split(",")} | set(matched)


def test_the_document_has_every_metric_and_no_other() -> None:
    rows = {name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels, _ in ROW.findall(DOCUMENT)}
    assert rows == {name: (metric.kind, metric.labels) for name, metric in OFFERED.items()}
    assert set(re.findall(r"\btictactoe_\w+", DOCUMENT)) == set(OFFERED)
    assert set(re.findall(r"`(process_\w+)`", DOCUMENT)) == set(OF_THE_PROCESS)


def test_of_the_process_is_told_what_the_library_tells() -> None:
    told = Scrape(text_of([]).decode())
    assert {name for name, _ in told.samples} == set(OF_THE_PROCESS)


@pytest.mark.parametrize("expression", [*expressions_of_rules(), *expressions_of_dashboard()])
def test_rules_and_panels_ask_for_what_there_is(expression: str) -> None:
    asked = set(NAME.findall(expression))
    assert asked
    assert asked <= IN_QUERIES
    known: set[str] = {"le", "job", "role"}
    for name in asked:
        metric: Metric | None = OFFERED.get(re.sub(r"_(bucket|sum|count)$", "", name)) or OFFERED.get(name)
        known |= set(metric.labels) if metric is not None else set()
    assert labels_of(expression) <= known
    assert expression.count("(") == expression.count(")")


@pytest.mark.parametrize("expression", [*expressions_of_rules(), *expressions_of_dashboard()])
def test_counters_are_asked_for_their_growth(expression: str) -> None:
    for name in re.findall(r"\b(?:tictactoe|process)_\w+(?:_total|_bucket|_sum|_count)\b", expression):
        grown = rf"(?:rate|increase)\({name}(?:\{{[^}}]*\}})?\[[^]]+\]\)"
        assert len(re.findall(grown, expression)) == len(re.findall(rf"\b{name}\b", expression)), name


def test_rules_know_the_bounds_that_are_told() -> None:
    (bound,) = re.findall(r'tictactoe_takeover_duration_seconds_bucket\{le="([^"]+)"\}', RULES)
    told = Scrape(text_of([metrics.Reading(metrics.TAKEOVER_S, Distribution(RECOVERY_BOUNDS_S))]).decode())
    assert told.says("tictactoe_takeover_duration_seconds_bucket", le=bound)


def test_every_alert_is_whole_and_explained() -> None:
    alerts = re.findall(r"^ *- alert: (\w+)$", RULES, re.MULTILINE)
    assert len(alerts) == len(set(alerts)) == len(expressions_of_rules())
    assert RULES.count("summary: ") == RULES.count("severity: ") == len(alerts)
    assert re.findall(r"^\| `(TicTacToe\w+)` \|", DOCUMENT, re.MULTILINE) == alerts


def test_every_metric_of_ours_is_on_the_dashboard_or_in_a_rule() -> None:
    asked = {name for text in (*expressions_of_rules(), *expressions_of_dashboard()) for name in NAME.findall(text)}
    of_ours = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} | asked
    assert set(OFFERED) - of_ours == {"tictactoe_server_info", "tictactoe_log_position"}


def test_the_dashboard_is_one_that_grafana_can_import() -> None:
    assert DASHBOARD["title"]
    assert DASHBOARD["schemaVersion"] >= 36
    assert [given["name"] for given in DASHBOARD["__inputs"]] == ["DS_PROMETHEUS"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    taken = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(taken) == len(set(taken)), "no panel lies on another"
    assert max(x for x, _ in taken) < 24
    for panel in DASHBOARD["panels"]:
        assert panel["datasource"]["uid"] == "${DS_PROMETHEUS}"
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_the_table_of_settings_is_true() -> None:
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| `([^`]*)` \|", DOCUMENT, re.MULTILINE))
    defaults = as_environment(Settings())
    assert table == {name: defaults[name] for name in table}
    assert {"METRICS_HOST", "LOG_FORMAT", "LOG_LEVEL"} | {n for n in defaults if "METRICS_PORT" in n} <= set(table)


@pytest.mark.parametrize("file", [ROOT / "docs" / "operations.md", FOLDER / "prometheus.yml"], ids=lambda f: f.name)
def test_the_ports_are_the_default_ones(file: Path) -> None:
    ports = re.findall(r"127\.0\.0\.1:(\d+)", file.read_text())
    defaults = Settings()
    every = {defaults.main_metrics_port, defaults.communication_metrics_port, defaults.replication_metrics_port}
    assert {int(port) for port in ports} == every
