"""Processes that carry out tasks of a benchmark: a line of JSON in, a line of JSON out. Any number can run at once."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

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

    def __init__(self, *words: str, program: str = sys.executable) -> None:
        self._words = words
        self._process = subprocess.Popen(
            [program, *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._process.pid

    def begin(self, task: Mapping[str, object]) -> None:
        """Send a task. ``result`` returns its answer."""
        pipe = self._process.stdin
        if pipe is not None:
            pipe.write(json.dumps(task) + "\n")
            pipe.flush()

    def line(self) -> str:
        """Return the next line that the process writes."""
        out = self._process.stdout
        line = "" if out is None else out.readline()
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

    def end(self) -> None:
        """Close the input of the process, and wait until it has ended."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


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
