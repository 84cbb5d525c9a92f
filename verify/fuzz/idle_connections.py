"""Abusive connections: silence, incomplete messages, one byte at a time, or answers that are never read.

All are limited in number and time, and closed at the end.
"""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Iterator

from verify.fuzz.tally import RefusalCounts
from verify.fuzz.wire_inputs import call, handshake
from verify.testbed.attack_surface import CLIENT, AttackedPort
from wire import COMMUNICATION

CONNECT_S = 0.5
HELD_S = 1.5
"""How long a flood's connections stay open, in seconds."""
BYTE_S = 0.02
READ_S = 3.0
LARGE_ASKS = 300


@contextlib.contextmanager
def _connected(door: AttackedPort, count: int) -> Iterator[list[socket.socket]]:
    """Open up to ``count`` connections. Stop at the first that is refused."""
    sockets: list[socket.socket] = []
    try:
        with contextlib.suppress(OSError):
            while len(sockets) < count:
                sockets.append(socket.create_connection((door.host, door.port), CONNECT_S))
        yield sockets
    finally:
        for held in sockets:
            held.close()


def flood(door: AttackedPort, count: int, rng: random.Random, tally: RefusalCounts) -> None:
    """Open connections all at once. They send nothing, half a handshake, or a handshake and nothing after it."""
    whole = handshake(door.role)
    with _connected(door, count) as sockets:
        for held in sockets:
            kind = rng.choice(("silent", "half a handshake", "idle"))
            tally.sent(f"flood: {kind}")
            said = {"silent": b"", "half a handshake": whole[: rng.randrange(1, len(whole))], "idle": whole}[kind]
            with contextlib.suppress(OSError):
                held.sendall(said)
        time.sleep(HELD_S)
    tally.sent("flood: not let in", count - len(sockets))


def drip(doors: list[AttackedPort], count: int, rng: random.Random, tally: RefusalCounts) -> None:
    """Send handshakes and calls byte by byte ("slow loris"), on several connections at the same time."""
    with contextlib.ExitStack() as stack:
        dripping: list[tuple[socket.socket, bytes]] = []
        for _ in range(count):
            door = rng.choice(doors)
            text = handshake(door.role) + call(door.role, "describe")
            dripping += [(held, text) for held in stack.enter_context(_connected(door, 1))]
            tally.sent("byte by byte")
        for place in range(100):
            for held, text in dripping:
                with contextlib.suppress(OSError):
                    held.send(text[place : place + 1])
            time.sleep(BYTE_S)


def never_read(doors: list[AttackedPort], count: int, tally: RefusalCounts) -> None:
    """Request many answers and read none."""
    door = next(door for door in doors if (door.role, door.use) == (COMMUNICATION, CLIENT))
    asks = call(COMMUNICATION, "wait_rooms", "", 0.0, 200) * LARGE_ASKS
    with _connected(door, count) as sockets:
        for held in sockets:
            tally.sent("never reads")
            held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with contextlib.suppress(OSError):
                held.sendall(handshake(COMMUNICATION))
                held.settimeout(READ_S)
                held.sendall(asks)
        time.sleep(HELD_S)
