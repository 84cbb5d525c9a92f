"""The end of a name server is noticed at once, and without one the watch only waits."""

from __future__ import annotations

import socket
import time

from tests.conditions import PATIENCE_S
from wire.addresses import Address, listen
from wire.rpc import NameServerWatch


def pauses_of(watch: NameServerWatch, timeout_s: float) -> list[float]:
    pauses: list[float] = []
    watch.wait(timeout_s, pauses.append)
    return pauses


def test_the_end_of_the_name_server_ends_the_wait() -> None:
    listening = listen(Address("127.0.0.1", 0), backlog=1)
    watch = NameServerWatch(Address("127.0.0.1", listening.getsockname()[1]))
    assert pauses_of(watch, 0.001) == []
    accepted, _ = listening.accept()
    listening.close()
    accepted.close()
    began = time.monotonic()
    assert pauses_of(watch, PATIENCE_S) == []
    assert time.monotonic() - began < PATIENCE_S
    assert pauses_of(watch, 0.5) == [0.5], "nobody listens any more"


def test_without_a_name_server_the_wait_is_a_pause() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        watch = NameServerWatch(Address("127.0.0.1", unused.getsockname()[1]))
        assert pauses_of(watch, 0.5) == [0.5]
    watch.close()
