"""Processes that carry out tasks: a line of JSON in, a line of JSON out. Any number can run at once."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 90.0


def carry_out(worker: object) -> None:
    """Carry out tasks from standard input, one after another.

    Each task is a method of ``worker``; its fields are the arguments.
    """
    for line in sys.stdin:
        task: dict[str, Any] = json.loads(line)
        result = getattr(worker, task.pop("do"))(**task)
        print(json.dumps(result), flush=True)


class TaskProcess:
    """A process and its two pipes. Raises ChildProcessError if the process ends before its answer."""

    def __init__(
        self, *words: str, program: str = sys.executable, environment: Mapping[str, str] | None = None
    ) -> None:
        """``environment``: by default that of this process."""
        self._words = words
        self._process = subprocess.Popen(
            [program, *words], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._input, self._output = cast(tuple[IO[str], IO[str]], (self._process.stdin, self._process.stdout))
        self.pid = self._process.pid

    @property
    def status(self) -> int | None:
        """Return the exit status; None while the process runs."""
        return self._process.poll()

    def begin(self, task: Mapping[str, object]) -> None:
        """Send a task. ``result`` returns its answer, unless the process has ended."""
        with contextlib.suppress(BrokenPipeError):
            self._input.write(json.dumps(task) + "\n")
            self._input.flush()

    def line(self) -> str:
        """Return the next line that the process writes."""
        line = self._output.readline()
        if not line:
            raise ChildProcessError(f"{' '.join(self._words)} ended with status {self._process.wait()}")
        return line

    def result(self) -> dict[str, Any]:
        """Return the answer to the task that was begun."""
        answer: dict[str, Any] = json.loads(self.line())
        return answer

    def do(self, task: Mapping[str, object]) -> dict[str, Any]:
        """Carry out a task and wait for its answer."""
        self.begin(task)
        return self.result()

    def close_input(self) -> None:
        """Let the process end after the tasks that it has."""
        with contextlib.suppress(BrokenPipeError):
            self._input.close()

    def end(self) -> None:
        """Close the input of the process, and wait until it has ended."""
        self.close_input()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE_S)
        self.kill()

    def kill(self) -> None:
        """End the process with SIGKILL."""
        self._process.kill()
        self._process.wait()
        self.close_input()
        self._output.close()


@contextlib.contextmanager
def task_processes(count: int, *words: str, program: str = sys.executable) -> Iterator[list[TaskProcess]]:
    """Start ``count`` equal processes, by default of Python, and end them afterwards."""
    with contextlib.ExitStack() as stack:
        processes = []
        for _ in range(count):
            process = TaskProcess(*words, program=program)
            stack.callback(process.end)
            processes.append(process)
        yield processes


def all_do(processes: Sequence[TaskProcess], task: Mapping[str, object]) -> list[dict[str, Any]]:
    """Carry out the same task on all processes at once."""
    return each_does([(process, task) for process in processes])


def each_does(tasks: Sequence[tuple[TaskProcess, Mapping[str, object]]]) -> list[dict[str, Any]]:
    """Carry out a task on each process, all at once."""
    for process, task in tasks:
        process.begin(task)
    return [process.result() for process, _ in tasks]
