"""The demo from outside, as people run it; what ends it badly in this process, on one cluster for all of it."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

import verify.commands
import verify.demo.run
import verify.testbed.bot_tables
import verify.testbed.local_cluster
from client import Cluster as Connection
from client.room import RoomClient
from game.rooms.commands import Move
from server.control.cluster import ClusterControl
from server.settings import ROOT
from tests.conditions import A_RUN_S, PATIENCE_S, wait_until
from tictactoe import app
from verify.history.guarantees import Findings, check
from verify.history.record import AnsweredCall, Call, RoomHistory
from verify.testbed.kill_schedule import ALL_SERVERS, kill_schedule
from wire import NAME_SERVER


def test_the_first_five_blows_are_each_role_alone_and_all_servers_at_once() -> None:
    following = kill_schedule(3)
    injected_faults = [next(following) for _ in range(5)]
    assert {role for injected in injected_faults[:4] for role in injected} == {*ALL_SERVERS, NAME_SERVER}
    assert injected_faults[4] == ALL_SERVERS


def test_the_first_nine_blows_have_each_pair_as_well() -> None:
    following = kill_schedule(3)
    injected_faults = [next(following) for _ in range(9)]
    assert sorted(len(injected) for injected in injected_faults) == [1, 1, 1, 1, 2, 2, 2, 2, 3]
    assert len(set(injected_faults)) == 9


def test_the_same_seed_is_the_same_schedule() -> None:
    one, other, third = kill_schedule(3), kill_schedule(3), kill_schedule(4)
    injected_faults = [next(one) for _ in range(30)]
    assert injected_faults == [next(other) for _ in range(30)]
    assert injected_faults != [next(third) for _ in range(30)]


def test_a_short_demo_loses_nothing(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    demo = subprocess.run(
        [sys.executable, "tictactoe.py", "demo", "--seconds", "5", "--rooms", "2", "--report", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=A_RUN_S,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    found = json.loads(report.read_text())
    assert found["moves_acked"] > 0
    assert found["games_finished"] > 0
    assert (found["moves_lost"], found["moves_doubled"], found["views_out_of_order"]) == (0, 0, 0)
    assert sum(found["kills"].values()) > 0
    assert set(found["recovery_ms"]) == {"p50", "p99", "max"}
    assert "moves lost" in demo.stdout


TIGHT: Mapping[str, Any] = {"snapshot_every": 5, "keep_events": 10}
DemoCluster = Callable[..., AbstractContextManager[ClusterControl]]


@pytest.fixture(scope="module")
def demo_cluster() -> Iterator[DemoCluster]:
    """Gives the demos of this process their cluster: one for all, which compacts much unless they wish otherwise."""
    given: list[tuple[ClusterControl, dict[str, Any]]] = []
    with ExitStack() as stack:
        start = verify.testbed.local_cluster.sandbox_cluster

        @contextmanager
        def give(**changes: Any) -> Iterator[ClusterControl]:
            if not given:
                given.append((stack.enter_context(start(**{**TIGHT, **changes})), changes))
            ((cluster, wished),) = given
            assert changes == wished
            wait_until(cluster.is_whole)
            yield cluster

        yield give


@pytest.fixture
def on_one_cluster(demo_cluster: DemoCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Demos come to the one cluster, and back to the names that the one before had."""
    claim = Connection.claim
    monkeypatch.setattr(Connection, "claim", lambda self, name: claim(self, name, token=f"{name:-<43}"))
    monkeypatch.setattr(verify.commands, "sandbox_cluster", demo_cluster)


def demo_here(report: Path, *, seconds: int = 1) -> tuple[int, dict[str, Any]]:
    """Run a demo in this process, of so short a time that nobody is killed; its exit status and its report."""
    found = CliRunner().invoke(app, ["demo", "--seconds", str(seconds), "--rooms", "1", "--report", str(report)])
    return found.exit_code, json.loads(report.read_text())


@pytest.mark.usefixtures("on_one_cluster")
def test_a_move_that_was_acknowledged_and_is_not_there_is_exit_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def doctored(histories: Mapping[str, RoomHistory], *, complete: bool) -> Findings:
        never_sent = Call("ada", Move("ada", "never sent", 0), 0.0, math.inf, AnsweredCall(5, "X"))
        next(iter(histories.values())).calls.append(never_sent)
        return check(histories, complete=complete)

    monkeypatch.setattr(verify.demo.run, "check", doctored)
    status, report = demo_here(tmp_path / "report.json")
    assert status == 1
    assert (report["moves_lost"], report["moves_doubled"], report["views_out_of_order"]) == (1, 0, 0)


@pytest.mark.usefixtures("on_one_cluster")
def test_a_bot_that_fails_in_a_way_nobody_thought_of_is_exit_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr(verify.demo.run.DemoScreen, "show", lambda *_: 1 / 0)
    status, report = demo_here(tmp_path / "report.json")
    assert status == 1
    assert any("ZeroDivisionError" in finding for finding in report["findings"])


@pytest.mark.usefixtures("on_one_cluster")
def test_a_spectator_whose_news_ended_early_is_exit_status_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_the_first(_: object, room: RoomClient, history: RoomHistory, _on_view: object) -> None:
        history.spectators[room.name] = list(next(room.watch(0)).events)[:1]

    monkeypatch.setattr(verify.testbed.bot_tables.BotTables, "_watch", only_the_first)
    status, report = demo_here(tmp_path / "report.json")
    assert status == 1
    assert any("table1-w saw 1 of the" in finding for finding in report["findings"])


@pytest.mark.usefixtures("on_one_cluster")
def test_the_final_history_has_all_events_however_much_a_cluster_compacts(tmp_path: Path) -> None:
    status, report = demo_here(tmp_path / "report.json", seconds=2)
    assert (status, report["findings"]) == (0, [])


def test_ctrl_c_ends_a_demo_and_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, "tictactoe.py", "demo", "--seconds", "60", "--rooms", "1"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert demo.stdout is not None
    assert "killing" in demo.stdout.readline()
    demo.send_signal(signal.SIGINT)
    rest, _ = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode != 0
    assert "Traceback" not in rest
    assert list(tmp_path.glob("tictactoe-[!p]*")) == []
    assert [process for process in psutil.process_iter() if str(tmp_path) in data_folder_of(process)] == []


def data_folder_of(process: psutil.Process) -> str:
    try:
        return process.environ().get("DATA_FOLDER", "")
    except psutil.Error:
        return ""
