"""Python that has read the project's code, to run scripts in copies of it: to read the code is most of a short run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server.settings import ROOT
from tests.conditions import A_RUN_S

NOWHERE = Path(os.devnull)
_PROGRAM = """
import json, os, runpy, signal, sys
import tictactoe
from server import communication_server, main_server, replication_server

def copy(words, environment, output, errors, limit_s):
    child = os.fork()
    if child:
        return child
    os.setsid()
    signal.alarm(limit_s)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    os.environ.update(environment)
    sys.argv = words
    runpy.run_path(words[0], run_name="__main__")
    sys.exit()

def status(child, options):
    pid, status = os.waitpid(child, options)
    return os.waitstatus_to_exitcode(status) if pid else None

for line in sys.stdin:
    name, *arguments = json.loads(line)
    print(json.dumps({"copy": copy, "status": status}[name](*arguments)), flush=True)
"""


class Copies:
    """Runs scripts, each in a process of its own that ends after ``A_RUN_S`` at the latest."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(
        self, words: Sequence[str], environment: Mapping[str, str], *, output: Path = NOWHERE, errors: Path
    ) -> int:
        """Start a script, by its path from the project's root, with its arguments; returns its pid."""
        return int(self._ask("copy", list(words), dict(environment), str(output), str(errors), int(A_RUN_S)))

    def poll(self, pid: int) -> int | None:
        """The exit status of what was started, once; None as long as it runs."""
        status: int | None = self._ask("status", pid, os.WNOHANG)
        return status

    def wait(self, pid: int) -> int:
        """The exit status of what was started, once it has ended."""
        return int(self._ask("status", pid, 0))

    def _ask(self, *words: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(words), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


@contextmanager
def copies_of_python(*before: str) -> Iterator[Copies]:
    """Such a process; ``before`` comes before its command."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "500"}
    with subprocess.Popen(
        [*before, sys.executable, "-c", _PROGRAM],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Copies(process)
        finally:
            process.kill()
