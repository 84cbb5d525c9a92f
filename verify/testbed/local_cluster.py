"""Settings for a cluster of one's own that is in nobody's way: free ports, a folder of its own, an end with its owner.

For the demo, tests and benchmarks.
"""

from __future__ import annotations

import contextlib
import os
import random
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
"""Below the range from which systems take ports for outgoing connections, which could be in a server's way."""

PATIENCE_S = 240.0
"""How long such a cluster may take to start or to stop: long, because the machine may do much else meanwhile."""

_HOST = "127.0.0.1"
_held: list[socket.socket] = []


def sandbox_settings(folder: Path, **changes: Any) -> Settings:
    """Settings of a cluster whose data is in ``folder`` and whose servers end when this process does."""
    first = _free_block()
    ports: dict[str, Any] = {name: first + number for number, name in enumerate(_PORT_FIELDS)}
    settings = Settings(name_server_host="127.0.0.1", data_folder=str(folder), owner_pid=os.getpid())
    return replace(settings, **{**ports, **changes})


@contextlib.contextmanager
def sandbox_cluster(
    before_start: Callable[[Settings], object] | None = None, **changes: Any
) -> Iterator[ClusterControl]:
    """A running cluster in a temporary folder, stopped and removed in the end; ``before_start`` learns its settings."""
    with tempfile.TemporaryDirectory(prefix="tictactoe-") as folder:
        cluster = ClusterControl(sandbox_settings(Path(folder), **changes))
        try:
            if before_start is not None:
                before_start(cluster.settings)
            cluster.start(timeout_s=PATIENCE_S)
            yield cluster
        finally:
            cluster.stop(timeout_s=PATIENCE_S)


def _free_block() -> int:
    """The first of _BLOCK ports that are free; no other process takes them by this way while this one lives.

    The last of them is what says so: it stays bound here, which holds for every user of the machine, and ends with the
    process. Raises SettingsError when there are none.
    """
    firsts = list(range(_FIRST_PORT, _LAST_PORT, _BLOCK))
    random.shuffle(firsts)
    for first in firsts:
        *ports, last = range(first, first + _BLOCK)
        mark = socket.socket()  # without SO_REUSEADDR: nothing else may be bound there
        try:
            mark.bind((_HOST, last))
        except OSError:
            mark.close()
            continue
        if all(_is_free(port) for port in ports):
            _held.append(mark)
            return first
        mark.close()
    raise SettingsError(f"there are no {_BLOCK} free ports in a row from {_FIRST_PORT} to {_LAST_PORT}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True
