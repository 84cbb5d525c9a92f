"""The yardstick: a server and clients that use Pyro4 alone, as its manual shows.

The benchmark divides the cost of a move by the cost of a call here. Serializer and bytes are the same. The library
keeps its own defaults, so this is a separate script that imports nothing of the project:

    python wire/rpc/bare.py serve PORT      answers until its standard input ends
    python wire/rpc/bare.py call PORT       carries out the tasks in its standard input, a line of JSON each
"""

from __future__ import annotations

import json
import secrets
import sys
import threading
import time
from typing import Any

import Pyro4

NAME = "room.abcdefgh"
CONNECTIONS = 1024
READY = "ready"


def _configure() -> None:
    config = Pyro4.config
    config.SERIALIZER = "msgpack"
    config.SERIALIZERS_ACCEPTED = {"msgpack"}
    config.SOCK_NODELAY = True
    config.THREADPOOL_SIZE = CONNECTIONS


class _Echo:
    @Pyro4.expose  # type: ignore[untyped-decorator]  # the library has no types
    def move(self, token: str, request_id: str, cell: int) -> dict[str, object]:  # noqa: ARG002
        """Return what the answer to a move looks like, without doing anything."""
        return {"version": 1000 + cell, "seat": "X"}


def serve(port: int) -> None:
    """Answer calls until the standard input ends."""
    daemon = Pyro4.Daemon(host="127.0.0.1", port=port)
    daemon.register(_Echo(), NAME)
    threading.Thread(target=daemon.requestLoop, daemon=True).start()
    print(READY, flush=True)
    sys.stdin.read()


class _Callers:
    """Pairs of connections. Each pair calls by turns, like the two players of a room."""

    def __init__(self, port: int) -> None:
        self._uri = f"PYRO:{NAME}@127.0.0.1:{port}"
        self._token = secrets.token_urlsafe(32)

    def work(self, pairs: int, seconds: float) -> dict[str, object]:
        """Call for ``seconds`` with ``pairs`` pairs at once.

        Return the measured time and the duration of each call, in seconds.
        """
        together = threading.Barrier(pairs + 1)
        took_s: list[list[float]] = [[] for _ in range(pairs)]
        threads = [threading.Thread(target=self._call, args=(together, seconds, mine), daemon=True) for mine in took_s]
        for thread in threads:
            thread.start()
        together.wait()
        began = time.perf_counter()
        for thread in threads:
            thread.join()
        ended = time.perf_counter()
        return {"seconds": ended - began, "took_s": [one for mine in took_s for one in mine]}

    def _call(self, together: threading.Barrier, seconds: float, took_s: list[float]) -> None:
        pair = [Pyro4.Proxy(self._uri), Pyro4.Proxy(self._uri)]
        for one in pair:
            one._pyroBind()
        together.wait()
        sent = time.perf_counter()
        ends = sent + seconds
        while sent < ends:
            one = pair[len(took_s) % 2]
            one.move(self._token, secrets.token_urlsafe(12), len(took_s) % 9)
            answered = time.perf_counter()
            took_s.append(answered - sent)
            sent = answered
        for one in pair:
            one._pyroRelease()


def call(port: int) -> None:
    """Carry out the tasks one by one: {"pairs": pairs of connections at once, "seconds": duration}."""
    callers = _Callers(port)
    for line in sys.stdin:
        task: dict[str, Any] = json.loads(line)
        print(json.dumps(callers.work(task["pairs"], task["seconds"])), flush=True)


if __name__ == "__main__":
    _configure()
    {"serve": serve, "call": call}[sys.argv[1]](int(sys.argv[2]))
