"""The attack run from outside, as people run it, and what it counts."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import msgspec

from server.communication.front_door import FrontDoor
from server.main.peer_api import MainPeerApi
from server.main.room_api import RoomApi
from server.process.base_api import PeerApi
from server.replication.replica_service import ReplicaService
from server.settings import ROOT
from tests.conditions import A_RUN_S
from verify.fuzz import methods as known
from verify.fuzz.attack import AttackCounts, AttackerTask, FuzzPlan
from verify.fuzz.call_inputs import BadCaller
from verify.fuzz.report import FuzzReport, Memory, write
from verify.fuzz.wire_inputs import AFTER_HANDSHAKE, AS_HANDSHAKE, AT_LINK, AT_METRICS
from verify.testbed.attack_surface import AttackedPort
from wire import MAIN, NAME_SERVER
from wire.rpc import Address


def test_a_short_attack_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    options = ["--inputs", "300", "--rounds", "1", "--rooms", "2", "--report", str(file)]
    run = subprocess.run(
        [sys.executable, "tictactoe.py", "fuzz", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=A_RUN_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads(file.read_text())
    assert report["inputs"] == 300
    assert sum(report["inputs_by_kind"].values()) == 300
    assert {"garbage: frames of the link", "garbage: forged hello"} & set(report["inputs_by_kind"])
    assert set(report["deaths"].values()) == {0}
    assert report["state_changed"] == 0
    assert report["honest_move_ms"]["attack"]["p99"] > 0


def test_the_attack_knows_every_method_and_its_arguments() -> None:
    def methods(*kinds: type) -> dict[str, tuple[str, ...]]:
        found = {name: getattr(value, "checks", None) for kind in kinds for name, value in vars(kind).items()}
        return {name: tuple(checks) for name, checks in found.items() if checks is not None}

    assert methods(RoomApi) == known.ROOM
    assert methods(FrontDoor) == known.FRONT_DOOR
    assert set(methods(PeerApi, MainPeerApi, ReplicaService)) == set(known.PEER_METHODS)


def test_the_attack_has_a_good_value_for_every_argument() -> None:
    task = AttackerTask("1", 1, 1, [], ["room"], ["ada"], "mallory", "t" * 43)
    caller = BadCaller(task, random.Random(1), AttackCounts())
    for names in (*known.ROOM.values(), *known.FRONT_DOOR.values()):
        assert len([caller._good(name) for name in names]) == len(names)


def test_the_same_seed_is_the_same_garbage() -> None:
    def thrown(seed: int) -> list[bytes]:
        chance = random.Random(seed)
        kinds = (*AS_HANDSHAKE.values(), *AFTER_HANDSHAKE.values(), *AT_METRICS.values(), *AT_LINK.values())
        return [make(chance) for _ in range(20) for make in kinds]

    assert thrown(1) == thrown(1) != thrown(2)


def test_orders_and_tallies_cross_to_another_process() -> None:
    task = AttackerTask(
        "1/0/0", 10, 3, [AttackedPort(MAIN, "client", Address("127.0.0.1", 1))], ["room"], ["ada"], "mallory", "t" * 43
    )
    assert msgspec.json.decode(msgspec.json.encode(task), type=AttackerTask) == task
    tally = AttackCounts()
    tally.count_input("noise", 3)
    tally.count_answer("view", "internal_error", 'File "x.py"')
    assert msgspec.json.decode(msgspec.json.encode(tally), type=AttackCounts) == tally
    assert len(tally.findings) == 2, "a fault of the server's, and a path in what it said"


def a_report(**changes: object) -> FuzzReport:
    process: dict[str, tuple[int, float] | None] = {MAIN: (1, 1.0), NAME_SERVER: (2, 1.0)}
    clean: dict[str, object] = {
        "before": process,
        "after": process,
        "memory": {MAIN: Memory(30.0, 40.0, 35.0)},
        "latencies_ms": {"calm": [1.0], "attack": [2.0]},
        "healthy": True,
    }
    return FuzzReport(FuzzPlan(), **{**clean, **changes})  # type: ignore[arg-type]  # the fields' own types, by name


def test_only_a_run_in_which_nothing_happened_is_clean(tmp_path: Path) -> None:
    assert a_report().clean
    other = {MAIN: (3, 2.0), NAME_SERVER: (2, 1.0)}
    assert not a_report(after=other).clean
    assert a_report(after=other).deaths == {MAIN: 1, NAME_SERVER: 0}
    assert a_report(after={MAIN: (1, 1.0), NAME_SERVER: (9, 2.0)}).clean, "that one is not ours, and was replaced"
    assert not a_report(healthy=False).clean
    assert not a_report(changed=["a name more"]).clean
    assert not a_report(lost=["a move"]).clean
    assert not a_report(memory={MAIN: Memory(30.0, 900.0, 35.0)}).clean
    assert not a_report(latencies_ms={"calm": [1.0], "attack": []}).clean
    write(a_report(changed=["a name more"]), tmp_path / "report.md")
    assert "- a name more" in (tmp_path / "report.md").read_text()
