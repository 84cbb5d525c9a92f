"""The front door of the simulator: schedules by seed, one or many, in one process or several."""

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
from simulator.engine.verdict import Simulate, Verdict
from simulator.examples import EXAMPLES
from simulator.mutations.server_mutations import TEETH

CLUSTER = "cluster"
SUBJECTS = (CLUSTER, *EXAMPLES)
AT_ONCE = 20
"""Schedules that a process takes at a time."""


def simulation_of(subject: str) -> Simulate:
    """What simulates a subject: the cluster, or one of the examples."""
    return schedule.simulate if subject == CLUSTER else functools.partial(run_register, EXAMPLES[subject])


def run_one(subject: str, seed: int, *, broken: str = "", traced: bool = False) -> Verdict:
    """One schedule; with ``broken`` of a cluster that has that deliberate fault (see ``server_mutations``)."""
    with _logs() as complaints, TEETH[broken].bite() if broken else contextlib.nullcontext():
        verdict = simulation_of(subject)(seed, traced)
    return replace(verdict, findings=(*verdict.findings, *complaints))


def run_many(subject: str, first: int, count: int, *, broken: str = "", jobs: int = 1) -> Iterator[Verdict]:
    """Schedules with ``count`` seeds from ``first`` on, in the order of the seeds, by ``jobs`` processes."""
    run = functools.partial(_run_plain, subject, broken)
    seeds = range(first, first + count)
    if jobs == 1:
        yield from map(run, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(min(jobs, count)) as pool:
        yield from pool.imap(run, seeds, AT_ONCE)


def _run_plain(subject: str, broken: str, seed: int) -> Verdict:
    return run_one(subject, seed, broken=broken)


@contextlib.contextmanager
def _logs() -> Iterator[list[str]]:
    """What servers write to their logs is not shown; a fault of theirs that they only log is a finding all the same."""
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
