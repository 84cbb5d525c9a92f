"""A process of clients. It can be killed and started again.

``WorkloadProcesses`` starts it as ``python -m verify.chaos.workload_process FOLDER GROUP LIFE``. Its task is in
``FOLDER/assignment.json``. It plays until a line arrives on its standard input; then it finishes its games. When the
input is closed, its parent is gone, and it ends at once.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from client.cluster import Cluster, connect
from client.connection import ATTEMPT_S
from client.credentials import new_token
from client.player import Player
from verify.chaos.history_file import HistoryWriter
from verify.chaos.match_players import MatchPlayer
from verify.chaos.players import LOOK_AGAIN_S, ChaosPlayer, ClientSpec
from wire.errors import Busy, NotReady, StorageFailed, TicTacToeError, Unreachable

ASSIGNMENT_FILE = "assignment.json"
PATIENCE_S = 8.0
"""How long a call is retried, in seconds. Some faults last longer, so some calls are given up."""
HURRY_S = 0.3
"""The time after which a call without an answer is sent again, in seconds, in all groups but one. Most of these answers
would still arrive. So there are many retries of commands that were applied."""


@dataclass(frozen=True)
class Assignment:
    """The task of all client processes."""

    name_server: str
    seed: int
    clients: tuple[tuple[ClientSpec, ...], ...]
    """The clients in each group."""
    tokens: dict[str, str]

    @classmethod
    def for_tables(cls, name_server: str, *, seed: int, tables: int, groups: int, match_players: int = 0) -> Assignment:
        """Assign clients to ``tables`` tables, plus ``match_players`` that seek matches.

        The clients of a table are in different groups, so that a kill leaves its opponents waiting.
        """
        clients: list[list[ClientSpec]] = [[] for _ in range(groups)]
        for number in range(tables):
            for offset, part in enumerate(("owner", "guest", "watcher")):
                table = f"t{number + 1}"
                clients[(number + offset) % groups].append(ClientSpec(f"{table}-{part}", table, part))
        for number in range(match_players):
            clients[number % groups].append(ClientSpec(f"c{number + 1}", "", "match player"))
        tokens = {spec.name: new_token() for group in clients for spec in group}
        return cls(name_server, seed, tuple(tuple(group) for group in clients), tokens)

    def write(self, folder: Path) -> None:
        """Write the assignment to the processes' folder."""
        (folder / ASSIGNMENT_FILE).write_bytes(msgspec.json.encode(self))

    @classmethod
    def read(cls, folder: Path) -> Assignment:
        """Read the assignment from the folder."""
        return msgspec.json.decode((folder / ASSIGNMENT_FILE).read_bytes(), type=cls)


def main(arguments: Sequence[str]) -> None:
    """Run the clients of group ``GROUP``. ``LIFE`` counts the starts of the group."""
    folder, group, life = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    assignment = Assignment.read(folder)
    recorder = HistoryWriter(folder / f"{group}-{life}.jsonl")
    finishing = threading.Event()
    threading.Thread(target=_wait_for_finish, args=(finishing,), daemon=True).start()
    cluster = _connect(assignment.name_server, HURRY_S if group else ATTEMPT_S)
    threads = []
    for spec in assignment.clients[group]:
        client = f"{spec.name}@{group}.{life}"
        rng = random.Random(f"{assignment.seed}/{client}")

        def run(spec: ClientSpec = spec, client: str = client, rng: random.Random = rng) -> None:
            player = _claim(cluster, spec.name, assignment.tokens[spec.name], recorder)
            kind = MatchPlayer if spec.part == "match player" else ChaosPlayer
            kind(spec, cluster, player, recorder, client, rng, finishing).run()

        threads.append(threading.Thread(target=run, daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _wait_for_finish(finishing: threading.Event) -> None:
    if sys.stdin.readline():
        finishing.set()
    else:
        os._exit(1)


def _connect(name_server: str, attempt_s: float) -> Cluster:
    while True:
        try:
            return connect(name_server, deadline_s=PATIENCE_S, attempt_s=attempt_s)
        except (Unreachable, NotReady, Busy):
            time.sleep(LOOK_AGAIN_S)


def _claim(cluster: Cluster, name: str, token: str, recorder: HistoryWriter) -> Player:
    while True:
        try:
            return cluster.claim(name, token=token)
        except (Unreachable, NotReady, Busy, StorageFailed):
            pass
        except TicTacToeError as error:
            recorder.record_surprise(name, f"claim of the username refused: {error.code}: {error.message}")
        time.sleep(LOOK_AGAIN_S)


if __name__ == "__main__":
    main(sys.argv[1:])
