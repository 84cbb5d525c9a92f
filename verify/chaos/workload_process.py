"""A process of clients: carries out the tasks of ``WorkloadProcesses``. It can be killed and started again.

    python -m verify.chaos.workload_process       a task a line of JSON in, its result a line of JSON out

When its input is closed, its parent is gone or does not need it any more, and it ends.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from client.cluster import Cluster, connect
from client.player import Player
from verify.chaos.match_players import MatchPlayer
from verify.chaos.players import LOOK_AGAIN_S, ChaosPlayer, ClientSpec
from verify.testbed.history_file import HistoryWriter
from verify.testbed.task_processes import carry_out
from wire.errors import Busy, NotReady, StorageFailed, TicTacToeError, Unreachable

PATIENCE_S = 8.0
"""How long a call is retried, in seconds. Some faults last longer, so some calls are given up."""


class Workload:
    """The tasks. Each is a method; the task's fields are its arguments."""

    def __init__(self) -> None:
        self._finishing = threading.Event()
        self._threads: list[threading.Thread] = []

    def play(
        self,
        clients: Sequence[Mapping[str, str]],
        name_server: str,
        seed: int,
        place: str,
        file: str,
        attempt_s: float,
    ) -> dict[str, object]:
        """Begin to play.

        ``place`` follows the names of the clients in the history: no process has it again. ``file``: of the history.
        ``attempt_s``: the time after which a call without an answer is sent again, in seconds.
        """
        recorder = HistoryWriter(Path(file))
        cluster = _connect(name_server, attempt_s)
        for spec in (ClientSpec(**fields) for fields in clients):
            client = f"{spec.name}@{place}"
            rng = random.Random(f"{seed}/{client}")

            def run(spec: ClientSpec = spec, client: str = client, rng: random.Random = rng) -> None:
                player = _claim(cluster, spec, recorder)
                kind = MatchPlayer if spec.part == "match player" else ChaosPlayer
                kind(spec, cluster, player, recorder, client, rng, self._finishing).run()

            self._threads.append(threading.Thread(target=run, daemon=True))
        for thread in self._threads:
            thread.start()
        return {}

    def finish(self) -> dict[str, object]:
        """Play the running games to their end."""
        self._finishing.set()
        for thread in self._threads:
            thread.join()
        return {}


def _connect(name_server: str, attempt_s: float) -> Cluster:
    while True:
        try:
            return connect(name_server, deadline_s=PATIENCE_S, attempt_s=attempt_s)
        except (Unreachable, NotReady, Busy):
            time.sleep(LOOK_AGAIN_S)


def _claim(cluster: Cluster, spec: ClientSpec, recorder: HistoryWriter) -> Player:
    while True:
        try:
            return cluster.claim(spec.name, token=spec.token)
        except (Unreachable, NotReady, Busy, StorageFailed):
            pass
        except TicTacToeError as error:
            recorder.record_surprise(spec.name, f"claim of the username refused: {error.code}: {error.message}")
        time.sleep(LOOK_AGAIN_S)


if __name__ == "__main__":
    carry_out(Workload())
