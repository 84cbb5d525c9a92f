"""The processes of clients: starts and kills them, restarts them with the same names and tokens, and lets
them finish.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from client.connection import ATTEMPT_S
from client.credentials import new_token
from verify.chaos.players import ClientSpec
from verify.testbed.task_processes import TaskProcess
from verify.testbed.waiting import becomes_true

WORKLOAD = ("-m", "verify.chaos.workload_process")
HURRY_S = 0.3
"""The time after which a call without an answer is sent again, in seconds, in all groups but one. Most of these answers
would still arrive. So there are many retries of commands that were applied."""


def groups_of_clients(*, tables: int, groups: int, match_players: int) -> list[list[ClientSpec]]:
    """Return the clients of ``tables`` tables, plus ``match_players`` that seek matches, by group.

    The clients of a table are in different groups, so that a kill leaves its opponents waiting.
    """
    clients: list[list[ClientSpec]] = [[] for _ in range(groups)]
    for number in range(tables):
        for offset, part in enumerate(("owner", "guest", "watcher")):
            table = f"t{number + 1}"
            clients[(number + offset) % groups].append(ClientSpec(f"{table}-{part}", table, part, new_token()))
    for number in range(match_players):
        clients[number % groups].append(ClientSpec(f"c{number + 1}", "", "match player", new_token()))
    return clients


class WorkloadProcesses:
    """All client processes of a run. ``files`` has what they wrote."""

    def __init__(
        self,
        clients: Sequence[Sequence[ClientSpec]],
        folder: Path,
        environment: Mapping[str, str],
        *,
        name_server: str,
        seed: int,
    ) -> None:
        """``clients``: by group. ``environment``: of the processes."""
        self._clients = clients
        self._folder = folder
        self._environment = environment
        self._shared = {"name_server": name_server, "seed": seed}
        self._starts = [0 for _ in clients]
        # By group: its latest process. A killed group has none until its next start.
        self._processes: dict[int, TaskProcess] = {}

    @property
    def files(self) -> Sequence[Path]:
        """Return the history files: a file for each start of each process."""
        return sorted(self._folder.glob("*.jsonl"))

    def start(self, group: int) -> None:
        """Start a group that does not run."""
        self._starts[group] += 1
        place = f"{group}.{self._starts[group]}"
        task = {
            "do": "play",
            "clients": [asdict(spec) for spec in self._clients[group]],
            "place": place,
            "file": str(self._folder / f"{place}.jsonl"),
            "attempt_s": HURRY_S if group else ATTEMPT_S,
            **self._shared,
        }
        process = self._processes[group] = TaskProcess(*WORKLOAD, environment=self._environment)
        process.begin(task)

    def start_all(self) -> None:
        """Start all groups."""
        for group in range(len(self._starts)):
            self.start(group)

    def kill(self, group: int) -> bool:
        """Kill a group with SIGKILL. Return False if the group does not run."""
        process = self._processes.pop(group, None)
        if process is None:
            return False
        process.kill()
        return True

    def finish(self, limit_s: float) -> list[int]:
        """Let all groups finish their games within ``limit_s`` seconds.

        Return the groups that did not finish; these are ended.
        """
        for process in self._processes.values():
            process.begin({"do": "finish"})
            process.close_input()
        becomes_true(lambda: all(process.status is not None for process in self._processes.values()), limit_s)
        late = [group for group, process in sorted(self._processes.items()) if process.status != 0]
        self.end()
        return late

    def end(self) -> None:
        """Kill all running groups with SIGKILL."""
        for group in list(self._processes):
            self.kill(group)
