"""Abusive connections: silence, incomplete messages, one byte at a time, or answers that are never read.

All are limited in number and time, and closed at the end.
"""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Iterator

from verify.fuzz.attack import AttackCounts
from verify.fuzz.wire_inputs import call, handshake
from verify.testbed.attack_surface import CLIENT, AttackedPort
from wire import COMMUNICATION

CONNECT_S = 0.5
HELD_S = 1.5
"""How long a flood's connections stay open, in seconds."""
BYTE_S = 0.02
READ_S = 3.0
UNREAD_CALLS = 300


@contextlib.contextmanager
def _connected(port: AttackedPort, count: int) -> Iterator[list[socket.socket]]:
    """Open up to ``count`` connections. Stop at the first that is refused."""
    sockets: list[socket.socket] = []
    try:
        with contextlib.suppress(OSError):
            while len(sockets) < count:
                sockets.append(port.connect(CONNECT_S))
        yield sockets
    finally:
        for connection in sockets:
            connection.close()


def flood(port: AttackedPort, count: int, rng: random.Random, tally: AttackCounts) -> None:
    """Open connections all at once. They send nothing, half a handshake, or a handshake and nothing after it."""
    whole = handshake(port.role)
    with _connected(port, count) as sockets:
        for connection in sockets:
            kind = rng.choice(("silent", "half a handshake", "idle"))
            tally.count_input(f"flood: {kind}")
            sent = {"silent": b"", "half a handshake": whole[: rng.randrange(1, len(whole))], "idle": whole}[kind]
            with contextlib.suppress(OSError):
                connection.sendall(sent)
        time.sleep(HELD_S)
    tally.count_input("flood: not let in", count - len(sockets))


def send_byte_by_byte(ports: list[AttackedPort], count: int, rng: random.Random, tally: AttackCounts) -> None:
    """Send handshakes and calls byte by byte ("slow loris"), on several connections at the same time."""
    with contextlib.ExitStack() as stack:
        connections: list[tuple[socket.socket, bytes]] = []
        for _ in range(count):
            port = rng.choice(ports)
            text = handshake(port.role) + call(port.role, "describe")
            connections += [(connection, text) for connection in stack.enter_context(_connected(port, 1))]
            tally.count_input("byte by byte")
        for place in range(100):
            for connection, text in connections:
                with contextlib.suppress(OSError):
                    connection.send(text[place : place + 1])
            time.sleep(BYTE_S)


def never_read(ports: list[AttackedPort], count: int, tally: AttackCounts) -> None:
    """Request many answers and read none."""
    port = next(port for port in ports if (port.role, port.use) == (COMMUNICATION, CLIENT))
    calls = call(COMMUNICATION, "wait_rooms", "", 0.0, 200) * UNREAD_CALLS
    with _connected(port, count) as sockets:
        for connection in sockets:
            tally.count_input("never reads")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with contextlib.suppress(OSError):
                connection.sendall(handshake(COMMUNICATION))
                connection.settimeout(READ_S)
                connection.sendall(calls)
        time.sleep(HELD_S)
