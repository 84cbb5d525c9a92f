"""An attacker: a process that sends a limited number of inputs from a seed, and returns the counts.

Run as ``python -m verify.fuzz.attacker``. An ``AttackerTask`` arrives as JSON on standard input. The counts leave on
standard output.
"""

from __future__ import annotations

import contextlib
import random
import socket
import sys
import time

import msgspec

from verify.fuzz import idle_connections
from verify.fuzz.attack import AttackCounts, AttackerTask
from verify.fuzz.call_inputs import BadCaller
from verify.fuzz.wire_inputs import AFTER_HANDSHAKE, AS_HANDSHAKE, AT_LINK, AT_METRICS, Garbage, handshake
from verify.testbed.attack_surface import LINK, METRICS, NAMES, PEERS, AttackedPort

ANSWER_S = 0.1
CONNECT_S = 0.5
"""The timeout for a connection, in seconds. An overloaded name server does not answer, and a longer wait would stop the
attack."""
PACE_PER_S = 1500.0
"""The most inputs per second. More would use up the machine, so that the test would no longer measure the servers."""
AT_ONCE = 10
OF_OTHER_FORMATS = {METRICS: AT_METRICS, LINK: AT_LINK}
"""The inputs for ports with another format than that of the RPC library, by use."""


def attack(task: AttackerTask) -> AttackCounts:
    """Send the inputs of this task, and return the counts."""
    rng = random.Random(task.seed)
    tally = AttackCounts()
    caller = BadCaller(task, rng, tally)
    cluster_ports = [port for port in task.ports if port.use != NAMES]
    idle_connections.flood(rng.choice(task.ports), task.flood, rng, tally)
    idle_connections.send_byte_by_byte(cluster_ports, max(1, min(20, task.inputs // 100)), rng, tally)
    idle_connections.never_read(cluster_ports, max(1, min(5, task.inputs // 1000)), tally)
    began, done = time.monotonic(), 0
    while sum(tally.inputs.values()) < task.inputs:
        if rng.random() < 0.5:  # noqa: PLR2004  # half calls, half garbage
            caller.make_call()
        else:
            send_malformed(rng.choice(task.ports), rng, tally)
        done += 1
        if done % AT_ONCE == 0:
            time.sleep(max(0.0, began + done / PACE_PER_S - time.monotonic()))
    caller.close()
    return tally


def send_malformed(port: AttackedPort, rng: random.Random, tally: AttackCounts) -> None:
    """Send one piece of garbage, as a handshake or after a valid one, and check the answer."""
    # Peer ports and the replica link end a handshake without the key, and the metrics port has no handshake.
    first = port.use in (PEERS, METRICS, LINK) or rng.random() < 0.4  # noqa: PLR2004
    kinds = OF_OTHER_FORMATS.get(port.use) or (AS_HANDSHAKE if first else AFTER_HANDSHAKE)
    kind, make = rng.choice(list(kinds.items()))
    tally.count_input(f"garbage: {kind}")
    what = f"{kind} to the {port.use} port of {port.role}"
    with contextlib.suppress(OSError), port.connect(CONNECT_S) as connection:
        connection.settimeout(CONNECT_S)
        if not first:
            connection.sendall(handshake("Pyro.NameServer" if port.use == NAMES else port.role))
            connection.recv(1 << 16)
        _send(connection, make, rng)
        connection.settimeout(ANSWER_S)
        answer = connection.recv(1 << 16)
        if port.use != NAMES:  # the stock name server is not part of the project
            tally.check_for_leaks(what, answer.decode("latin-1"))


def _send(connection: socket.socket, make: Garbage, rng: random.Random) -> None:
    connection.sendall(make(rng))
    if rng.random() < 0.8:  # noqa: PLR2004  # else the connection stays open, as if more would follow
        connection.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    task = msgspec.json.decode(sys.stdin.read(), type=AttackerTask)
    print(msgspec.json.encode(attack(task)).decode())
