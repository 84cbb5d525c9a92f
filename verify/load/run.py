"""A load test: people enter, press Play together, and play during kills. Then all is accounted for."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from client.cluster import Cluster, connect
from game.rooms.events import Finished
from server.control.cluster import ClusterControl
from verify.history.guarantees import check
from verify.history.record import RoomHistory
from verify.load.report import LoadPlan, LoadReport
from verify.testbed.history_file import read_histories
from verify.testbed.kill_schedule import ALL_SERVERS, kill_schedule
from verify.testbed.task_processes import TaskProcess, all_do, each_does, task_processes
from verify.testbed.waiting import becomes_true

WORKER = ("-m", "verify.load.worker")
PROCESSES = 4
READERS = 8
DEADLINE_S = 60.0
LOBBY_LIMIT_S = 60.0
"""How long the lobby may take to show the rooms' changes, in seconds."""


def run_load(servers: ClusterControl, plan: LoadPlan, on_progress: Callable[[str], None]) -> LoadReport:
    """Run a load test on a running cluster that keeps all events. Failures are in the summary."""
    names = [f"rush{number}" for number in range(plan.people)]
    processes = min(PROCESSES, len(names))
    with (
        tempfile.TemporaryDirectory(prefix="tictactoe-load-") as folder,
        task_processes(processes, *WORKER, servers.name_server) as workers,
    ):
        files = [Path(folder) / f"{number}.jsonl" for number in range(processes)]
        parts = [{"names": names[number::processes], "file": str(file)} for number, file in enumerate(files)]
        each_does([(worker, {"do": "enter", **part}) for worker, part in zip(workers, parts, strict=True)])
        on_progress(f"{plan.people} clients are connected; all press Play")
        began = time.monotonic()
        killed, people = _under_kills(servers, plan, workers, on_progress)
        seconds = time.monotonic() - began
        on_progress("all series are over; checking the histories")
        with connect(servers.name_server, deadline_s=DEADLINE_S) as cluster:
            recorded = read_histories(files)
            _read_final(cluster, recorded.rooms)
            archived = _archived_games(cluster)
            all_do(workers, {"do": "leave"})
            left = _still_open(cluster, recorded.rooms)
    findings = check(recorded.rooms, complete=False)
    games = _games_seen(recorded.rooms)
    return LoadReport(plan, seconds, killed, people, findings, len(recorded.accepted), games, archived, left)


def _under_kills(
    servers: ClusterControl, plan: LoadPlan, workers: Sequence[TaskProcess], on_progress: Callable[[str], None]
) -> tuple[list[tuple[str, ...]], list[dict[str, Any]]]:
    """Let all play, and kill servers meanwhile. Return the killed roles and the reports of all people."""
    over = threading.Event()
    killed: list[tuple[str, ...]] = []

    def kill() -> None:
        for roles in kill_schedule(plan.seed):  # the first kill comes at once, while all are seeking
            on_progress(f"killing {', '.join(roles)}")
            killed.append(tuple(role for role in roles if servers.kill_if_running(role)))
            if set(roles) >= set(ALL_SERVERS):
                servers.start()
            if over.wait(plan.kill_every_s):
                return

    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(kill)
        try:
            answers = all_do(workers, {"do": "play"})
        finally:
            over.set()
        killing.result()
    return killed, [person for answer in answers for person in answer["people"]]


def _read_final(cluster: Cluster, histories: Mapping[str, RoomHistory]) -> None:
    """Read all events of these rooms, as the servers return them."""
    reader = cluster.claim("the reader")

    def read(room: str) -> None:
        histories[room].final = list(next(reader.room(room).watch(0)).events)

    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(read, histories))


def _games_seen(histories: Mapping[str, RoomHistory]) -> int:
    """Return the number of games that a player saw end, without those that were aborted."""
    ended = {
        (room, version)
        for room, history in histories.items()
        for seen in history.spectators.values()
        for version, event in seen
        if isinstance(event, Finished) and event.termination != "aborted"
    }
    return len(ended)


def _still_open(cluster: Cluster, rooms: Container[str]) -> list[str]:
    """Return which of these rooms are still open, after the lobby had time to show the closed ones."""

    def left() -> list[str]:
        return [row.room for row in cluster.rooms() if row.room in rooms]

    becomes_true(lambda: not left(), LOBBY_LIMIT_S)
    return left()


def _archived_games(cluster: Cluster) -> int:
    """Return the number of rated games in the archive."""
    games = before = 0
    while True:
        page = cluster.games(before=before, limit=100)
        games += len(page.games)
        if not page.earlier:
            return games
        before = page.earlier
