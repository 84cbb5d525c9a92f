"""LOG_FORMAT=json: every line of a real server is one JSON object, with room and request id where it is about them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from client import connect
from client.room import new_request_id
from game.errors import CellTaken
from server.control.cluster import ClusterControl
from server.settings import ROOT, as_environment
from server.supervision import processes
from server.supervision.processes import command_of
from tests.conditions import A_RUN_S, PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game, MakeCluster
from verify.testbed.local_cluster import sandbox_cluster
from wire import COMMUNICATION, MAIN, REPLICATION

Line = dict[str, Any]
ROLES = (MAIN, COMMUNICATION, REPLICATION)


def texts_of(cluster: ClusterControl) -> dict[str, str]:
    """What the three servers have logged, by role."""
    logs = cluster.settings.data / "logs"
    return {role: "".join(log.read_text() for log in sorted(logs.glob(f"{role}-*.log"))) for role in ROLES}


def lines_of(text: str) -> list[Line]:
    """Every whole line, parsed."""
    whole = text[: text.rfind("\n") + 1]
    return [json.loads(line) for line in whole.splitlines()]


def find(cluster: ClusterControl, **fields: object) -> Line | None:
    """The main server's line that has these fields."""
    lines = lines_of(texts_of(cluster)[MAIN])
    return next((line for line in lines if fields.items() <= line.items()), None)


def wait_for(cluster: ClusterControl, **fields: object) -> Line:
    found = wait_until(lambda: find(cluster, **fields), what=str(fields))
    assert found is not None
    return found


def test_a_move_is_found_by_its_room_and_request(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(log_format="json", log_level="debug")
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        move, bad = new_request_id(), new_request_id()
        answer = game.x.move(4, request_id=move)
        with pytest.raises(CellTaken):
            game.o.move(4, request_id=bad)
        on_committed = wait_for(cluster, room=game.x.id, request_id=move, command="move")
        assert on_committed["event"] == "command applied"
        assert on_committed["level"] == "debug"
        assert (on_committed["by"], on_committed["version"]) == ("ada", answer.version)
        assert wait_for(cluster, room=game.x.id, request_id=bad)["code"] == "cell_taken"
        last = new_request_id()
        game.play(0, 3, 8)
        game.x.move(5, request_id=last)
        finished = wait_for(cluster, event="game finished", room=game.x.id, request_id=last)
        assert (finished["winner"], finished["termination"], finished["level"]) == ("X", "line", "info")
        assert wait_for(cluster, event="room opened")["room"] == game.x.id
        cluster.kill(MAIN)
        again = game.x.rematch(request_id=new_request_id())
        assert again.version
        tokens = [game.ada.token, game.bob.token]
    wait_until(lambda: "replaced" in texts_of(cluster)[REPLICATION])
    key = (cluster.settings.data / "cluster.key").read_text().strip()
    cluster.stop()
    for role, text in texts_of(cluster).items():
        lines = lines_of(text)
        assert lines, role
        for line in lines:
            assert {"timestamp", "level", "role", "event"} <= line.keys()
            assert line["role"] == role
        for secret in (*tokens, key, str(Path.home())):
            assert secret not in text
        for token in tokens:
            assert hashed(token) not in text


def hashed(token: str) -> str:
    from server.runtime.security import token_hash

    return token_hash(token)


@pytest.fixture(scope="module")
def at_info() -> Iterator[ClusterControl]:
    """A running cluster that logs at info."""
    with sandbox_cluster(hang_s=HANG_S, log_format="json") as cluster:
        yield cluster


def test_at_info_there_is_a_line_a_game_and_none_a_move(at_info: ClusterControl) -> None:
    with connect(at_info.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        game.play(0, 3, 1, 4, 2)
        wait_for(at_info, event="game finished")
    lines = [line for line in lines_of(texts_of(at_info)[MAIN]) if "room" in line]
    assert [line["event"] for line in lines] == ["room opened", "game finished"]


def test_a_second_server_of_a_role_says_so_in_one_line(at_info: ClusterControl) -> None:
    second = subprocess.run(
        command_of(COMMUNICATION, at_info.settings),
        cwd=ROOT,
        env={**os.environ, **as_environment(at_info.settings)},
        capture_output=True,
        text=True,
        timeout=A_RUN_S,
        check=False,
    )
    assert second.returncode == processes.ALREADY_RUNNING
    (line,) = lines_of(second.stderr)
    assert "runs already" in line["why"]
    assert line["level"] == "error"


@pytest.mark.parametrize(
    "what",
    [
        "raise ValueError('nobody caught this')",
        "import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
        "import warnings; warnings.warn('something is old')",
        "import logging; logging.getLogger('Another').error('a %s that is not ours', 'library')",
        "import structlog; structlog.get_logger().error('a path', why=str(__import__('pathlib').Path.home() / 'x'))",
    ],
)
def test_whatever_is_said_is_one_object_without_the_users_home(what: str, tmp_path: Path) -> None:
    script = f"from server.telemetry import logs\nlogs.set_up('main_server', 'info', 'json')\n{what}\n"
    said = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=A_RUN_S,
        check=False,
    )
    (line,) = lines_of(said.stderr)
    assert line["role"] == "main_server"
    assert line["event"]
    assert str(tmp_path) not in said.stderr
