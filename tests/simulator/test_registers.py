"""Registers written for the simulator: two that are right, and one that is caught."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from server.settings import ROOT
from simulator import PendingRequest, RegisterServer, run_register
from simulator.engine.register import relevant_calls
from simulator.run import run_many
from tests.simulator.counting import tally
from verify.history.linearizability import check
from verify.history.models import Read, RegisterSpecification, Write
from verify.history.record import Call

CAUGHT_AT = 68
"""The first seed with which the register that is wrong on purpose goes back in time."""


@pytest.mark.parametrize("example", ["one-copy-to-all", "majority"])
def test_a_register_that_is_right_is_never_found_wrong(example: str) -> None:
    together = tally(run_many(example, 1, 100))
    assert not {verdict.seed: verdict.findings for verdict in together.failed}
    assert set(together.faults) == {"crash", "pause", "cut"}
    assert together.calls > 5000


def test_a_majority_whose_reads_do_not_write_back_is_caught() -> None:
    (verdict,) = run_many("no-write-back", CAUGHT_AT, 1)
    assert len(verdict.findings) == 1
    assert verdict.findings[0].startswith("linearizability: ")


class Forgetful(RegisterServer):
    """Keeps the value in memory, and tells nobody."""

    def start(self) -> None:
        self.value: int | None = None

    def read(self, ticket: PendingRequest) -> None:
        self.answer(ticket, self.value)

    def write(self, ticket: PendingRequest, value: int) -> None:
        self.value = value
        self.answer(ticket, value)


class Silent(RegisterServer):
    """Never answers."""

    def read(self, ticket: PendingRequest) -> None:
        pass

    def write(self, ticket: PendingRequest, value: int) -> None:
        pass


def test_ones_own_register_is_judged_as_well() -> None:
    assert any("linearizability" in what for what in run_register(Forgetful, 1).findings)


def test_the_example_in_the_docs_is_found_wrong() -> None:
    text = (ROOT / "docs" / "simulation.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    run = subprocess.run([sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert "linearizability" in run.stdout


def test_one_that_never_answers_is_not_right_either() -> None:
    assert any("liveness" in what for what in run_register(Silent, 1).findings)


def test_calls_that_nobody_saw_anything_of_do_not_count() -> None:
    def calls() -> Iterator[Call[Read | Write]]:
        yield Call("a", Write(1), 0.0)
        yield Call("b", Write(2), 0.0)
        yield Call("c", Read(), 0.0)
        yield Call("d", Read(), 1.0, 2.0, 2)

    kept = relevant_calls(list(calls()))
    assert [call.client for call in kept] == ["b", "d"]
    assert check(RegisterSpecification(), kept).linearizable
