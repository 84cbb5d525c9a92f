"""What a supervisor does while its server is away."""

from __future__ import annotations

import time

import pytest

from server.settings import Settings
from server.supervision import processes
from server.supervision.heartbeat import NameServerHeartbeat
from server.supervision.run_directory import RunDirectory
from server.supervision.supervisor import CHECK_EVERY_S, LONGEST_CHECK_S, Supervisor
from wire import NAME_SERVER
from wire.rpc import Address

NOBODY_LISTENS = Address("127.0.0.1", 1)


def test_a_name_server_that_is_away_is_called_less_and_less_often_and_not_searched_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    searches: list[object] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(processes, "find_runs", lambda *searched: searches.append(searched) or [])
    heartbeat = NameServerHeartbeat(NOBODY_LISTENS)
    supervisor = Supervisor(NAME_SERVER, settings, RunDirectory(settings), heartbeat, supervised=True)
    supervisor.run(lambda: len(pauses) < 200)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (CHECK_EVERY_S, LONGEST_CHECK_S)
    assert searches == []
