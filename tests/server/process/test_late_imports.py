"""What servers import late, they import before they need it: then an upgrade may have replaced the files."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from client import Cluster as Connection
from client import Player, RoomClient, connect
from game.match.selection import Proposal
from server.control.cluster import ClusterControl
from server.settings import ROOT
from server.supervision import processes
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S
from tests.server.telemetry.scraping import scrape
from verify.testbed.local_cluster import sandbox_cluster
from wire import COMMUNICATION, MAIN, REPLICATION

PACKAGES = ("game", "wire", "server")
LATE = ("openskill", "precis_i18n", "prometheus_client")
AT_THE_START = {"platformdirs", "dotenv", "textwrap", "server", "structlog", "uvloop"}
"""Function-level imports of what a server runs before it serves, or never: settings, its help, its first import."""


def imported_in_functions(file: Path) -> Iterator[str]:
    """The packages that functions of a module import."""
    for function in ast.walk(ast.parse(file.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    yield from (alias.name.split(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    yield (node.module or "").split(".")[0]


def test_nothing_else_is_imported_late() -> None:
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    late = {name for file in files if file.parent.name != "control" for name in imported_in_functions(file)}
    assert late - AT_THE_START == set(LATE)


@pytest.fixture
def cluster_without_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClusterControl]:
    """A cluster with a template, that has served for a moment. None of its modules can be imported any more."""
    code = tmp_path / "code"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, code / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(processes, "ROOT", code)
    monkeypatch.setenv("PYTHONPATH", str(code))
    with sandbox_cluster(hang_s=HANG_S, log_level="debug") as cluster:
        wait_until(lambda: sum("late imports are done" in text for text in logs_of(cluster)) == 3)
        wait_until(lambda: any("ready to fork servers" in text for text in logs_of(cluster)))
        for package in PACKAGES:
            shutil.rmtree(code / package)
        for library in LATE:
            (code / f"{library}.py").write_text("raise ImportError('the files of this server were replaced')")
        yield cluster


def logs_of(cluster: ClusterControl) -> list[str]:
    return [log.read_text() for log in (cluster.settings.data / "logs").glob("*.log")]


def play_a_match(players: list[Player]) -> None:
    """Play a rated game to its end."""
    with ThreadPoolExecutor(len(players)) as pool:
        rooms: list[RoomClient] = list(pool.map(Player.seek, players))
    for room in rooms:
        room.propose(Proposal("3x3", 1, "none"))
    rooms[0].resign()


def rated(connection: Connection) -> set[str]:
    return {entry.name for entry in connection.leaderboard()}


def test_servers_without_their_files_work_on_and_take_over(cluster_without_files: ClusterControl) -> None:
    cluster = cluster_without_files
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        players = [connection.claim(name) for name in ("Жанна", "bob")]
        play_a_match(players)
        wait_until(lambda: rated(connection) == {"Жанна", "bob"})
        for role in (MAIN, COMMUNICATION, REPLICATION):
            assert scrape(cluster.settings, role).value("tictactoe_server_info", server=role, protocol="2") == 1
        cluster.kill(MAIN)
        players.append(connection.claim("Зоя"))
        play_a_match(players[1:])
        wait_until(lambda: rated(connection) == {"Жанна", "bob", "Зоя"})
        assert scrape(cluster.settings, MAIN).value("tictactoe_epoch") == 2
        for role in (REPLICATION, COMMUNICATION):
            cluster.kill(role)
            wait_until(cluster.is_whole)
        assert rated(connection) == {"Жанна", "bob", "Зоя"}
        assert cluster.set_drain(True)
        drains = cluster.drain_status()
        assert drains is not None
        assert drains.on
    assert not any(word in text for text in logs_of(cluster) for word in ("ImportError", "ModuleNotFoundError"))
