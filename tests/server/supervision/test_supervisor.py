"""What a supervisor does while its server is away."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from server.settings import Settings
from server.supervision import processes, template_client
from server.supervision import supervisor as supervisor_module
from server.supervision.heartbeat import HeartbeatAnswer, NameServerHeartbeat
from server.supervision.run_directory import RunDirectory
from server.supervision.run_file import RunFile
from server.supervision.supervisor import CHECK_EVERY_S, LONGEST_CHECK_S, Supervisor
from wire import COMMUNICATION, NAME_SERVER
from wire.errors import Unreachable
from wire.rpc import Address

NOBODY_LISTENS = Address("127.0.0.1", 1)
ENDED_PID = 2**22 + 1
"""More than any pid of Linux."""


def test_a_name_server_that_is_away_is_called_less_and_less_often_and_not_searched_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    searches: list[object] = []
    clock = SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic)  # other threads of this process sleep, too
    monkeypatch.setattr(supervisor_module, "time", clock)
    monkeypatch.setattr(processes, "find_runs", lambda *searched: searches.append(searched) or [])
    heartbeat = NameServerHeartbeat(NOBODY_LISTENS)
    supervisor = Supervisor(NAME_SERVER, settings, RunDirectory(settings), heartbeat, supervised=True)
    supervisor.run(lambda: len(pauses) < 200)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (CHECK_EVERY_S, LONGEST_CHECK_S)
    assert searches == []


class HeartbeatOfADeadServer:
    """Its server is not there. ``during`` runs within each heartbeat."""

    def __init__(self, during: Callable[[], None]) -> None:
        self.beats = 0
        self._during = during

    def beat(self, _wait_s: float, _timeout_s: float) -> HeartbeatAnswer:
        self.beats += 1
        self._during()
        raise Unreachable("nobody answers")

    def close(self) -> None:
        pass


@pytest.mark.parametrize("stands_down", [True, False])
def test_a_supervisor_that_stands_down_during_a_heartbeat_starts_nothing_after_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, *, stands_down: bool
) -> None:
    started: list[str] = []
    run_directory = RunDirectory(settings)
    run_directory.write(RunFile(COMMUNICATION, ENDED_PID, 0.0, run_directory.id))

    def start(role: str, _settings: Settings) -> RunFile:
        started.append(role)
        return run_directory.run_of(role, os.getpid())

    monkeypatch.setattr(template_client, "start", start)
    monkeypatch.setattr(processes, "kill", lambda _run: True)
    heartbeat = HeartbeatOfADeadServer(lambda: supervisor.stand_down() if stands_down else None)
    supervisor = Supervisor(COMMUNICATION, settings, run_directory, heartbeat, supervised=True)
    supervisor.run(lambda: heartbeat.beats < 1)
    assert started == ([] if stands_down else [COMMUNICATION])
