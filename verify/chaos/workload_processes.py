"""The processes of clients: starts and kills them, restarts them with the same names and tokens, and lets
them finish.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from verify.chaos.workload_process import Assignment

_ROOT = Path(__file__).resolve().parent.parent.parent
LOOK_AGAIN_S = 0.05


class WorkloadProcesses:
    """All client processes of a run. ``files`` has what they wrote."""

    def __init__(self, assignment: Assignment, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        """``environment``: by default that of this process."""
        assignment.write(folder)
        self._folder = folder
        self._environment = dict(os.environ if environment is None else environment)
        self._starts = [0 for _ in assignment.clients]
        # By group: its latest process. A killed group has none until its next start.
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def files(self) -> Sequence[Path]:
        """Return the history files: a file for each start of each process."""
        return sorted(self._folder.glob("*.jsonl"))

    def start(self, group: int) -> None:
        """Start a group that does not run."""
        self._starts[group] += 1
        command = [
            sys.executable,
            "-m",
            "verify.chaos.workload_process",
            str(self._folder),
            str(group),
            str(self._starts[group]),
        ]
        self._processes[group] = subprocess.Popen(
            command, cwd=_ROOT, env=self._environment, stdin=subprocess.PIPE, start_new_session=True
        )

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
        process.wait()
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        return True

    def finish(self, limit_s: float) -> list[int]:
        """Let all groups finish their games within ``limit_s`` seconds.

        Return the groups that did not finish; these are ended.
        """
        for process in self._processes.values():
            if process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(b"finish\n")
                    process.stdin.flush()
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline and any(process.poll() is None for process in self._processes.values()):
            time.sleep(LOOK_AGAIN_S)
        late = [group for group, process in sorted(self._processes.items()) if process.poll() != 0]
        self.end()
        return late

    def end(self) -> None:
        """Kill all running groups with SIGKILL."""
        for group in list(self._processes):
            self.kill(group)
