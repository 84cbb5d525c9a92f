"""An attacker: a process that sends a limited number of inputs from a seed, and returns the counts.

Run as ``python -m verify.fuzz.attacker``. ``Orders`` arrive as JSON on standard input. The counts leave on standard
output.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import sys
import time

from verify.fuzz import idle_connections
from verify.fuzz.call_inputs import Caller
from verify.fuzz.plan import Orders, orders_from
from verify.fuzz.tally import RefusalCounts
from verify.fuzz.wire_inputs import AFTER_HANDSHAKE, AS_HANDSHAKE, AT_METRICS, Garbage, handshake
from verify.testbed.attack_surface import METRICS, NAMES, PEERS, AttackedPort

ANSWER_S = 0.1
CONNECT_S = 0.5
"""The timeout for a connection, in seconds. An overloaded name server does not answer, and a longer wait would stop the
attack."""
PACE_PER_S = 1500.0
"""The most inputs per second. More would use up the machine, so that the test would no longer measure the servers."""
AT_ONCE = 10


def attack(orders: Orders) -> RefusalCounts:
    """Send the inputs of these orders, and return the counts."""
    rng = random.Random(orders.seed)
    tally = RefusalCounts()
    caller = Caller(orders, rng, tally)
    cluster_doors = [door for door in orders.doors if door.use != NAMES]
    idle_connections.flood(rng.choice(orders.doors), orders.flood, rng, tally)
    idle_connections.drip(cluster_doors, max(1, min(20, orders.inputs // 100)), rng, tally)
    idle_connections.never_read(cluster_doors, max(1, min(5, orders.inputs // 1000)), tally)
    began, done = time.monotonic(), 0
    while sum(tally.inputs.values()) < orders.inputs:
        if rng.random() < 0.5:  # noqa: PLR2004  # half calls, half garbage
            caller.one()
        else:
            throw(rng.choice(orders.doors), rng, tally)
        done += 1
        if done % AT_ONCE == 0:
            time.sleep(max(0.0, began + done / PACE_PER_S - time.monotonic()))
    caller.close()
    return tally


def throw(door: AttackedPort, rng: random.Random, tally: RefusalCounts) -> None:
    """Send one piece of garbage, as a handshake or after a valid one, and check the answer."""
    # Peer ports end a handshake without the key, and the metrics port has no handshake.
    first = door.use in (PEERS, METRICS) or rng.random() < 0.4  # noqa: PLR2004
    kinds = AT_METRICS if door.use == METRICS else AS_HANDSHAKE if first else AFTER_HANDSHAKE
    kind, make = rng.choice(list(kinds.items()))
    tally.sent(f"garbage: {kind}")
    what = f"{kind} to the {door.use} port of {door.role}"
    with contextlib.suppress(OSError), socket.create_connection((door.host, door.port), CONNECT_S) as connection:
        connection.settimeout(CONNECT_S)
        if not first:
            connection.sendall(handshake("Pyro.NameServer" if door.use == NAMES else door.role))
            connection.recv(1 << 16)
        _send(connection, make, rng)
        connection.settimeout(ANSWER_S)
        said = connection.recv(1 << 16)
        if door.use != NAMES:  # the stock name server is not part of the project
            tally.said(what, said.decode("latin-1"))


def _send(connection: socket.socket, make: Garbage, rng: random.Random) -> None:
    connection.sendall(make(rng))
    if rng.random() < 0.8:  # noqa: PLR2004  # else the connection stays open, as if more would follow
        connection.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    print(json.dumps(attack(orders_from(json.load(sys.stdin))).as_plain()))
