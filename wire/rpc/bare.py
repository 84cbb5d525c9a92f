"""The yardsticks of a move: servers and clients that use Pyro4 alone, as its manual shows.

The benchmark divides the cost of a move by the cost of a call here. Serializer and bytes are the same. The library
keeps its own defaults, so this is a separate script that imports nothing of the project:

    python wire/rpc/bare.py echo            answers calls
    python wire/rpc/bare.py append          appends a record to a file for each call, then answers it
    python wire/rpc/bare.py forward PORT    appends a record, makes the same call at PORT, then answers
    python wire/rpc/bare.py call            carries out the tasks in its standard input, a line of JSON each

``forward`` in front of ``append`` is a *chain*: client, first server, second server and back, as the way of a move. The
servers choose a free port, write it in a line, and run until their standard input ends.
"""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
import threading
import time
from typing import Any

import Pyro4

NAME = "room.abcdefgh"
CONNECTIONS = 1024
RECORD = bytes(200)
"""What the servers of a chain append for each call: as many bytes as a log entry with one event has."""


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


class _Append(_Echo):
    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # open as long as the server runs

    @Pyro4.expose  # type: ignore[untyped-decorator]
    def move(self, token: str, request_id: str, cell: int) -> dict[str, object]:
        """Append a record to the file, and return the answer."""
        self._file.write(RECORD)
        answer: dict[str, object] = super().move(token, request_id, cell)
        return answer


class _Forward(_Append):
    def __init__(self, port: int) -> None:
        super().__init__()
        self._uri = _uri(port)
        self._of_thread = threading.local()
        """The library runs a thread for each connection; each has a connection of its own to the next server."""

    @Pyro4.expose  # type: ignore[untyped-decorator]
    def move(self, token: str, request_id: str, cell: int) -> dict[str, object]:
        """Append a record to the file, make the same call at the next server, and return the answer."""
        if not hasattr(self._of_thread, "next"):
            self._of_thread.next = Pyro4.Proxy(self._uri)
        answer: dict[str, object] = super().move(token, request_id, cell)
        self._of_thread.next.move(token, request_id, cell)
        return answer


def serve(offered: _Echo) -> None:
    """Write the port, and answer calls until the standard input ends."""
    daemon = Pyro4.Daemon(host="127.0.0.1")
    daemon.register(offered, NAME)
    threading.Thread(target=daemon.requestLoop, daemon=True).start()
    print(daemon.locationStr.rpartition(":")[2], flush=True)
    sys.stdin.read()


def _uri(port: int) -> str:
    return f"PYRO:{NAME}@127.0.0.1:{port}"


def work(uri: str, pairs: int, seconds: float) -> dict[str, object]:
    """Call for ``seconds`` with ``pairs`` pairs of connections at once. Each pair calls by turns, like two players.

    Return the measured time, the number of calls, and the duration of each, in seconds.
    """
    together = threading.Barrier(pairs + 1)
    took_s: list[list[float]] = [[] for _ in range(pairs)]
    threads = [threading.Thread(target=_call, args=(uri, together, seconds, mine), daemon=True) for mine in took_s]
    for thread in threads:
        thread.start()
    together.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    ended = time.perf_counter()
    calls = [one for mine in took_s for one in mine]
    return {"seconds": ended - began, "commands": len(calls), "took_s": calls}


def _call(uri: str, together: threading.Barrier, seconds: float, took_s: list[float]) -> None:
    token = secrets.token_urlsafe(32)
    pair = [Pyro4.Proxy(uri), Pyro4.Proxy(uri)]
    for one in pair:
        one._pyroBind()
    together.wait()
    sent = time.perf_counter()
    ends = sent + seconds
    while sent < ends:
        one = pair[len(took_s) % 2]
        one.move(token, secrets.token_urlsafe(12), len(took_s) % 9)
        answered = time.perf_counter()
        took_s.append(answered - sent)
        sent = answered
    for one in pair:
        one._pyroRelease()


def call() -> None:
    """Carry out the tasks one by one: {"port": the server's, "pairs": pairs of connections, "seconds": duration}."""
    for line in sys.stdin:
        task: dict[str, Any] = json.loads(line)
        print(json.dumps(work(_uri(task["port"]), task["pairs"], task["seconds"])), flush=True)


if __name__ == "__main__":
    _configure()
    role, *port = sys.argv[1:]
    if role == "call":
        call()
    else:
        serve({"echo": _Echo, "append": _Append, "forward": _Forward}[role](*map(int, port)))
