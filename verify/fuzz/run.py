"""The attack run: honest players play in calm and under attack by turns. At the end the results are counted.

This process starts the attackers and always ends them.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import msgspec

from client.cluster import Cluster, connect
from client.credentials import new_token
from verify.fuzz.attack import AttackCounts, AttackerTask, FuzzPlan
from verify.fuzz.honest_players import HonestPlayers
from verify.fuzz.report import FuzzReport, Memory
from verify.testbed.attack_surface import AttackedPort, AttackSurface
from wire.errors import TicTacToeError

PATIENCE_S = 90.0
LOOK_S = 0.1
SETTLE_S = 1.0
CALM = "calm"
ATTACK = "attack"
SECONDS_PER_INPUT = 0.02
"""The time limit for an attacker, in seconds for each input, plus a minute. A slower attacker is ended and reported as
a finding."""


class MemoryMeter:
    """Measures the servers' memory repeatedly, and keeps the highest value."""

    def __init__(self, target: AttackSurface) -> None:
        self._target = target
        self._ending = threading.Event()
        self.memory = {role: Memory(before=mb, highest=mb) for role, mb in target.memory_mb().items()}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ending.wait(LOOK_S):
            for role, mb in self._target.memory_mb().items():
                kept = self.memory.setdefault(role, Memory(mb, mb))
                kept.highest = max(kept.highest, mb)

    def end(self) -> dict[str, Memory]:
        """Stop measuring. Return the memory of each server."""
        self._ending.set()
        self._thread.join()
        for role, mb in self._target.memory_mb().items():
            self.memory[role].after = mb
        return self.memory


def run_fuzz(target: AttackSurface, plan: FuzzPlan, on_progress: Callable[[str], None]) -> FuzzReport:
    """Attack a running cluster while honest players play, and return the report."""
    report = FuzzReport(plan)
    with connect(target.name_server, deadline_s=PATIENCE_S) as cluster:
        honest = HonestPlayers(cluster, plan.rooms, plan.seed)
        token = new_token()
        mallory = cluster.claim("mallory", token=token)
        lobby, names = _lobby(cluster), target.names()
        report.before = target.processes()
        meter = MemoryMeter(target)
        began = time.monotonic()
        lasted_s = 2.0
        for number in range(plan.rounds):
            on_progress(f"round {number + 1} of {plan.rounds}: calm")
            honest.phase = CALM
            time.sleep(lasted_s)
            on_progress(f"round {number + 1} of {plan.rounds}: attack")
            honest.phase = ATTACK
            started = time.monotonic()
            tasks = _tasks(plan, number, target.ports(), honest, mallory.name, token)
            report.tally.add(_attack(tasks))
            lasted_s = min(10.0, time.monotonic() - started)
            honest.phase = "after"
        report.seconds = time.monotonic() - began
        on_progress("the attack is over; checking servers and histories")
        time.sleep(SETTLE_S)
        report.healthy = _becomes_true(target.is_whole)
        report.memory = meter.end()
        report.after = target.processes()
        report.changed += _changes("rooms", lobby, _lobby(cluster)) + _changes("names", names, target.names())
        findings, foreign_changes = honest.end()
        report.changed += foreign_changes
        report.lost += [*findings.lost, *findings.doubled, *findings.out_of_order, *honest.client_errors]
        report.moves = findings.acked
        report.latencies_ms = {phase: honest.latencies_ms[phase] for phase in (CALM, ATTACK)}
    return report


def _tasks(
    plan: FuzzPlan, number: int, ports: list[AttackedPort], honest: HonestPlayers, name: str, token: str
) -> list[AttackerTask]:
    """Return the tasks of all attackers in a round.

    They share the inputs. One of them makes the full flood, the others a tenth of it.
    """
    share = plan.inputs // (plan.rounds * plan.attackers)
    rest = plan.inputs - share * plan.rounds * plan.attackers
    flood = min(plan.flood, share // 3)
    return [
        AttackerTask(
            seed=f"{plan.seed}/{number}/{attacker}",
            inputs=share + (rest if number == attacker == 0 else 0),
            flood=flood if attacker == 0 else flood // 10,
            ports=ports,
            rooms=honest.rooms,
            names=honest.names,
            name=name,
            token=token,
        )
        for attacker in range(plan.attackers)
    ]


def _attack(tasks: list[AttackerTask]) -> AttackCounts:
    """Run the tasks, each in a process of its own, at the same time. Return the sum of the counts."""
    command = [sys.executable, "-m", "verify.fuzz.attacker"]
    processes = [(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE), task) for task in tasks]
    for process, task in processes:
        if process.stdin is not None:
            process.stdin.write(msgspec.json.encode(task))
            process.stdin.close()
            process.stdin = None
    total = AttackCounts()
    for process, task in processes:
        try:
            output, _ = process.communicate(timeout=60 + task.inputs * SECONDS_PER_INPUT)
            total.add(msgspec.json.decode(output, type=AttackCounts))
        except (subprocess.TimeoutExpired, msgspec.DecodeError) as error:
            total.add_finding(f"attacker {task.seed} did not finish: {type(error).__name__}")
        finally:
            process.kill()
            process.wait()
    return total


def _lobby(cluster: Cluster) -> object:
    """Return the lobby's rooms without the fields that change while their owners play."""
    return sorted((row.room, row.title) for row in cluster.rooms())


def _changes(what: str, before: object, after: object) -> list[str]:
    return [] if before == after else [f"{what} changed from {before} to {after}"]


def _becomes_true(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if condition():
                return True
        except TicTacToeError:
            return False
        time.sleep(LOOK_S)
    return False
