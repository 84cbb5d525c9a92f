"""A cluster that works on with one copy shows why, since when and after how many tries: in status, metrics and log."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time

from server.control.cluster import ClusterControl
from server.settings import ROOT, as_environment
from server.supervision.role_status import RoleStatus
from tests.conditions import wait_until
from tests.conftest import MakeCluster
from tests.server.telemetry.scraping import scrape
from wire import MAIN, REPLICATION


def main_of(cluster: ClusterControl) -> RoleStatus:
    return next(role for role in cluster.status() if role.role == MAIN)


def failed_tries(cluster: ClusterControl) -> float:
    """How often main could not reach the replica, by its metrics."""
    samples = scrape(cluster.settings, MAIN).samples.items()
    return sum(
        value
        for (name, labels), value in samples
        if name == "tictactoe_failed_tries_total" and ("what", "replica") in labels
    )


def lose_the_replica_for_good(cluster: ClusterControl) -> None:
    """Put a file where the replication server's folder was, so that every start of it fails."""
    folder = cluster.settings.data / "replication"
    shutil.rmtree(folder)
    folder.write_text("in the way")
    cluster.kill(REPLICATION)


def test_degraded_has_a_reason_since_when_and_a_count(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(start_limit_s=5.0)
    cluster.start()
    before = time.time()
    lose_the_replica_for_good(cluster)
    wait_until(lambda: main_of(cluster).failures > 20)
    seen = main_of(cluster)
    assert seen.step == "degraded"
    trouble = seen.troubles["replica"]
    assert trouble["why"]
    assert before - 1 <= trouble["since"] <= time.time()
    assert trouble["why"] in seen.note

    scraped = scrape(cluster.settings, MAIN)
    assert scraped.value("tictactoe_failing_since_seconds", what="replica") == trouble["since"]
    assert failed_tries(cluster) >= 20

    logs = "".join(file.read_text() for file in (cluster.settings.data / "logs").glob(f"{MAIN}-*.log"))
    lines = [line for line in logs.splitlines() if "degraded" in line]
    assert lines
    assert len(lines) <= 5, "a reason is not repeated with every try"

    status = subprocess.run(
        [sys.executable, "tictactoe.py", "cluster", "status", "--json"],
        cwd=ROOT,
        env=as_environment(cluster.settings),
        capture_output=True,
        text=True,
        check=False,
    )
    told = next(role for role in json.loads(status.stdout) if role["role"] == MAIN)
    assert status.returncode == 1
    assert told["troubles"]["replica"]["why"] in told["note"]


def test_a_replica_that_is_back_ends_the_trouble(cluster: ClusterControl) -> None:
    wait_until(cluster.is_whole)
    run = cluster.process_of(REPLICATION)
    process = None if run is None else run.process()
    assert process is not None
    process.suspend()  # a killed one is back before main notices
    wait_until(lambda: failed_tries(cluster) > 0)
    wait_until(cluster.is_whole)
    wait_until(lambda: not main_of(cluster).troubles)
    assert main_of(cluster).failures == 0
