"""The attack run: honest players play in calm and under attack by turns. At the end the results are counted.

This process starts the attackers and always ends them.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from client.bot import PlayedMove
from client.cluster import Cluster, connect
from client.credentials import new_token
from verify.fuzz.attack import AttackCounts, AttackerTask, FuzzPlan
from verify.fuzz.report import FuzzReport, Memory
from verify.history.guarantees import check
from verify.testbed.attack_surface import AttackSurface
from verify.testbed.bot_tables import BotTables
from verify.testbed.waiting import becomes_true

PATIENCE_S = 90.0
LOOK_S = 0.1
SETTLE_S = 1.0
CALM = "calm"
ATTACK = "attack"
AFTER = "after"
PACE_S = 0.01
"""The pause of an honest player before each move, in seconds."""
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
    tables = BotTables(pace_s=PACE_S)
    phases: list[tuple[float, str]] = []  # when each began
    with connect(target.name_server, deadline_s=PATIENCE_S) as cluster:
        honest = _open_tables(tables, cluster, plan)
        token = new_token()
        mallory = cluster.claim("mallory", token=token)
        rooms = [room.id for room in tables.rooms]
        everything = AttackerTask("", plan.inputs, plan.flood, [], rooms, honest, mallory.name, token)
        lobby, names = _lobby(cluster), target.names()
        report.before = target.processes()
        meter = MemoryMeter(target)
        began = time.monotonic()
        lasted_s = 2.0
        for number in range(plan.rounds):
            on_progress(f"round {number + 1} of {plan.rounds}: calm")
            phases.append((time.monotonic(), CALM))
            time.sleep(lasted_s)
            on_progress(f"round {number + 1} of {plan.rounds}: attack")
            phases.append((time.monotonic(), ATTACK))
            report.tally.add(_attack(_tasks(plan, number, replace(everything, ports=target.ports()))))
            phases.append((time.monotonic(), AFTER))
            lasted_s = min(10.0, phases[-1][0] - phases[-2][0])
        report.seconds = time.monotonic() - began
        on_progress("the attack is over; checking servers and histories")
        time.sleep(SETTLE_S)
        report.healthy = becomes_true(target.is_whole, PATIENCE_S, look_again_s=LOOK_S)
        report.memory = meter.end()
        report.after = target.processes()
        report.changed += _changes("rooms", lobby, _lobby(cluster)) + _changes("names", names, target.names())
        tables.end()
    report.changed += [
        f"{room}: {event} is not by a player of this room"
        for room, history in tables.histories.items()
        for _, event in history.final
        if event.by not in honest
    ]
    findings = check(tables.histories, complete=False)
    report.lost += [*findings.lost, *findings.doubled, *findings.out_of_order, *tables.client_errors]
    report.moves = findings.acked
    report.latencies_ms = _latencies_ms(tables.moves, phases)
    return report


def _open_tables(tables: BotTables, cluster: Cluster, plan: FuzzPlan) -> list[str]:
    """Open the honest players' rooms, with two players and a spectator each. Return all their names."""
    honest: list[str] = []
    for number in range(1, plan.rooms + 1):
        names = (f"honest{number}-a", f"honest{number}-b", f"honest{number}-w")
        rng = random.Random(f"{plan.seed}/honest/{number}")
        tables.open(cluster, f"Honest {number}", names, ("random",), rng)
        honest += names
    return honest


def _latencies_ms(moves: Sequence[PlayedMove], phases: Sequence[tuple[float, str]]) -> dict[str, list[float]]:
    """Return the durations of the moves that were acknowledged in calm and under attack, in milliseconds."""
    found: dict[str, list[float]] = {CALM: [], ATTACK: []}
    for move in moves:
        number = bisect(phases, (move.accepted_at,))
        phase = phases[number - 1][1] if number else AFTER
        if phase in found:
            found[phase].append((move.accepted_at - move.sent_at) * 1000)
    return found


def _tasks(plan: FuzzPlan, number: int, everything: AttackerTask) -> list[AttackerTask]:
    """Return the tasks of all attackers in a round.

    They share the inputs. One of them makes the full flood, the others a tenth of it.
    """
    share = plan.inputs // (plan.rounds * plan.attackers)
    rest = plan.inputs - share * plan.rounds * plan.attackers
    flood = min(plan.flood, share // 3)
    return [
        replace(
            everything,
            seed=f"{plan.seed}/{number}/{attacker}",
            inputs=share + (rest if number == attacker == 0 else 0),
            flood=flood if attacker == 0 else flood // 10,
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
