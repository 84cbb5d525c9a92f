"""Settings for a sandbox cluster that disturbs nothing else: free ports, its own folder, and an end with its owner.

For the demo, tests and benchmarks.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from server.control.cluster import ClusterControl
from server.settings import Settings, SettingsError

_PORT_FIELDS = (
    "name_server_port",
    "main_port",
    "main_peer_port",
    "communication_port",
    "communication_peer_port",
    "replication_port",
    "replication_peer_port",
    "main_metrics_port",
    "communication_metrics_port",
    "replication_metrics_port",
)
_BLOCK = 20
_FIRST_PORT = 10_000
_LAST_PORT = 29_000
"""Below the range of ports for outgoing connections, which could block a server's port."""

PATIENCE_S = 240.0
"""The time limit for a start or a stop of such a cluster, in seconds. It is long because the machine may be busy."""

_HOST = "127.0.0.1"
_held: list[socket.socket] = []


def sandbox_settings(folder: Path, **changes: Any) -> Settings:
    """Return settings of a cluster with its data in ``folder``. Its servers end when this process does.

    The environment variable EVENT_LOOP counts, so that the same tests run on each event loop.
    """
    first = _free_block()
    given: dict[str, Any] = {name: first + number for number, name in enumerate(_PORT_FIELDS)}
    settings = Settings(name_server_host="127.0.0.1", data_folder=str(folder), owner_pid=os.getpid())
    given["event_loop"] = os.environ.get("EVENT_LOOP", settings.event_loop)
    return replace(settings, **{**given, **changes})


@contextlib.contextmanager
def sandbox_cluster(
    before_start: Callable[[Settings], object] | None = None, **changes: Any
) -> Iterator[ClusterControl]:
    """Run a cluster in a temporary folder, then stop it and remove the folder. ``before_start`` gets its settings."""
    with tempfile.TemporaryDirectory(prefix="tictactoe-") as folder:
        cluster = ClusterControl(sandbox_settings(Path(folder), **changes))
        try:
            if before_start is not None:
                before_start(cluster.settings)
            cluster.start(timeout_s=PATIENCE_S)
            yield cluster
        finally:
            cluster.stop(timeout_s=PATIENCE_S)


def copy_data_folder(data: Path, to: Path) -> Path:
    """Copy a data folder, like ``cp -r``, into a folder that may exist. Return that folder.

    Sockets are left out: the replica link has one there while a replication server runs, and after it was killed.
    """

    def sockets(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if (Path(folder) / name).is_socket()]

    return shutil.copytree(data, to, ignore=sockets, dirs_exist_ok=True)


def _free_block() -> int:
    """Return the first of ``_BLOCK`` consecutive free ports.

    While this process lives, no other process gets them from this function.

    The last port stays bound here as a reservation. It holds for all users of the machine, and ends with the process.
    Raises SettingsError when no block is free.
    """
    firsts = list(range(_FIRST_PORT, _LAST_PORT, _BLOCK))
    random.shuffle(firsts)
    for first in firsts:
        *ports, last = range(first, first + _BLOCK)
        mark = socket.socket()  # without SO_REUSEADDR: no other socket may be bound there
        try:
            mark.bind((_HOST, last))
        except OSError:
            mark.close()
            continue
        if all(_is_free(port) for port in ports):
            _held.append(mark)
            return first
        mark.close()
    raise SettingsError(f"no {_BLOCK} free ports in a row from {_FIRST_PORT} to {_LAST_PORT}; end other test clusters")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True
