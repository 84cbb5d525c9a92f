"""The entry point of the simulator: runs schedules by seed, in one process or several."""

from __future__ import annotations

import contextlib
import functools
import logging
import multiprocessing
import sys
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from typing import Any, NoReturn

import structlog

from simulator.cluster import schedule
from simulator.engine.register import run_register
from simulator.engine.verdict import Verdict
from simulator.examples import EXAMPLES
from simulator.mutations import MUTATIONS

CLUSTER = "cluster"
SUBJECTS = (CLUSTER, *EXAMPLES)
AT_ONCE = 20
"""How many schedules a process takes from the queue at a time."""


def run_one(subject: str, seed: int, *, broken: str = "", traced: bool = False) -> Verdict:
    """Run one schedule.

    ``broken`` is the name of an active mutation of the cluster, or empty (see ``simulator.mutations``).
    """
    with _logs() as complaints, MUTATIONS[broken].apply() if broken else contextlib.nullcontext():
        verdict = (
            schedule.simulate(seed, traced) if subject == CLUSTER else run_register(EXAMPLES[subject], seed, traced)
        )
    return replace(verdict, findings=(*verdict.findings, *complaints))


def run_many(subject: str, first: int, count: int, *, broken: str = "", jobs: int = 1) -> Iterator[Verdict]:
    """Run ``count`` schedules with consecutive seeds from ``first``, in ``jobs`` processes.

    Yield the verdicts in the order of the seeds.
    """
    run = functools.partial(run_one, subject, broken=broken)
    seeds = range(first, first + count)
    if jobs == 1:
        yield from map(run, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(min(jobs, count)) as pool:
        yield from pool.imap(run, seeds, AT_ONCE)


@contextlib.contextmanager
def _logs() -> Iterator[list[str]]:
    """Hide the servers' logs. A logged exception becomes a finding."""
    complaints: list[str] = []

    def keep_faults(_logger: object, _method: str, event: MutableMapping[str, Any]) -> NoReturn:
        if "exc_info" in event:
            complaints.append(f"invariant: {event['event']}: {sys.exc_info()[1]}")
        raise structlog.DropEvent

    before, disabled = structlog.get_config(), logging.root.manager.disable
    wrapper = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=wrapper, processors=[keep_faults])
    logging.disable(logging.CRITICAL)
    try:
        yield complaints
    finally:
        structlog.configure(**before)
        logging.disable(disabled)
