"""Each deliberate fault is found by the simulator: here at the seed that was the first to find it.

A seed is a history of this simulator as it is. When it changes, ``tictactoe.py simulate --broken NAME`` finds another,
and ``tools/find_mutation_seeds.py`` those of all; the table in ``docs/simulation.md`` has the same numbers. That
nothing is found at these seeds without the fault is among what ``test_cluster_schedules.py`` shows of its schedules.
"""

from __future__ import annotations

import pytest

from server.settings import ROOT
from simulator.mutations import MUTATIONS
from simulator.run import CLUSTER, run_one
from tests.simulator.test_cluster_schedules import SCHEDULES

FOUND = {
    "sums-are-not-checked": (32, "G1"),
    "damage-is-not-fetched": (27, "damage"),
    "damage-is-not-reported": (10, "damage"),
    "no-scrub": (22, "damage"),
    "a-torn-append-counts": (69, "G3"),
    "appends-are-not-read-again": (2, "G3"),
    "writes-before-the-tail": (4, "G3"),
    "old-appends-are-not-synced": (3282, "G1"),
    "appends-are-not-synced": (79, "damage"),
    "a-refused-append-stays": (298, "G3"),
    "sums-of-records-are-not-checked": (484, "G3"),
    "a-takeover-forgets-the-time": (4, "time"),
    "time-goes-on-without-anybody": (2, "time"),
    "a-hang-is-charged": (9, "time"),
    "time-is-never-written-down": (4, "time"),
    "an-end-without-its-record": (4, "archive"),
    "matched-while-in-a-match": (332, "matches"),
    "lots-are-drawn-again": (37, "G1"),
    "ack-before-replicate": (3, "G3"),
    "publish-before-commit": (2, "G3"),
    "forget-request-ids": (4, "G2"),
    "snapshot-forgets-requests": (31, "G1"),
    "no-epoch-check": (3, "G5"),
    "stale-replica-in-step": (2, "G1"),
    "do-not-ask-the-replica": (2, "G1"),
    "two-primaries": (4, "G3"),
    "snapshot-one-event-too-far": (3, "G3"),
    "an-old-journal-goes-on-alone": (4, "G3"),
    "an-epoch-without-its-holder": (4, "G3"),
    "ack-before-writing": (2, "G5"),
    "backlog-skips-one": (2, "damage"),
    "half-a-command": (22, "linearizability"),
    "refused-is-committed": (3, "G3"),
    "news-with-holes": (2, "G5"),
    "the-hung-are-not-ended": (7, "G5"),
    "the-same-epoch-again": (1, "G5"),
    "anybody-is-the-owner": (2, "G7"),
    "any-code-will-do": (7, "G7"),
    "forgotten-rooms-come-back": (576, "G1"),
    "read-before-it-is-known": (37, "linearizability"),
    "refused-but-shown": (27, "G1"),
    "unchanged-is-forgotten": (332, "G1"),
    "refused-for-what-never-happened": (60, "linearizability"),
    "listed-once-and-for-all": (2, "G3"),
    "adopted-but-not-told-of": (4, "time"),
}


def test_every_deliberate_fault_has_a_seed_that_finds_it() -> None:
    assert set(FOUND) == set(MUTATIONS)
    assert len(MUTATIONS) >= 10


FIRST_OF_EACH_CHECK = {check: name for name, (_, check) in reversed(FOUND.items())}.values()


@pytest.mark.parametrize(
    "name", [name if name in FIRST_OF_EACH_CHECK else pytest.param(name, marks=pytest.mark.long) for name in FOUND]
)
def test_the_fault_is_found(name: str) -> None:
    seed, check = FOUND[name]
    found = run_one(CLUSTER, seed, broken=name)
    assert found.findings[0].startswith(f"{check}: ")
    assert seed <= SCHEDULES or run_one(CLUSTER, seed).clean, "the test of many schedules does not have this seed"


def test_nothing_of_a_fault_is_left_in_this_process_after_its_schedule() -> None:
    for mutation in MUTATIONS.values():
        with mutation.apply():
            pass
    for seed in range(1, 5):  # these find most of the faults
        assert run_one(CLUSTER, seed).clean


def test_the_table_in_the_docs_says_the_same() -> None:
    table = (ROOT / "docs" / "simulation.md").read_text()
    for name, (seed, check) in FOUND.items():
        assert f"| `{name}` | {MUTATIONS[name].what} | {check} | {seed} |" in table, name
