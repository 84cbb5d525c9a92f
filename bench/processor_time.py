"""Processor time of processes, also of other processes.

Processor time is far steadier than time by the clock: it hardly depends on what else the machine does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

US = 1e6

Result = TypeVar("Result")
Pids = Mapping[str, int]
"""The processes that are measured, by a short name for the report."""


def processor_s(pid: int) -> float:
    """Return the processor time that a process has used, with all its threads, in seconds.

    Reads the clock that ``clock_getcpuclockid(3)`` of Linux names; its steps are nanoseconds, those in ``/proc`` 10 ms.
    Raises ProcessLookupError if no such process runs.
    """
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        raise ProcessLookupError(f"no process {pid} runs") from None


def used_by(pids: Pids, work: Callable[[], Result]) -> tuple[Result, dict[str, float]]:
    """Do ``work``. Return its result, and the processor seconds that each process used meanwhile."""
    before = {name: processor_s(pid) for name, pid in pids.items()}
    result = work()
    return result, {name: processor_s(pid) - before[name] for name, pid in pids.items()}


def each_us(used_s: Mapping[str, float], count: int) -> dict[str, float]:
    """Return the processor microseconds for each of ``count`` commands."""
    return {name: seconds * US / max(1, count) for name, seconds in used_s.items()}
