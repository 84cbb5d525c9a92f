"""Starts a sandbox cluster with fault injection for ``verify.chaos``: settings, network cuts and wrong clocks."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from verify.testbed.clock_skew import SkewedClocks
from verify.testbed.cluster_faults import ClusterFaults
from verify.testbed.local_cluster import sandbox_cluster
from verify.testbed.network_namespace import NetworkCuts
from verify.testbed.tcp_proxy import HOST, TcpProxies, missing

_HOSTS = ("main_host", "communication_host", "replication_host", "name_server_host")
_SETTINGS = {
    "away_s": 1e6,
    "room_idle_s": 10.0,
    "max_wait_s": 2.0,
    "snapshot_every": 64,
    "scrub_every_s": 2.0,
    "scrub_rows_per_s": 5000,
    "keep_logs": 200,
    "log_level": "debug",
    "max_new_rooms_per_name_per_hour": 1_000_000,
    "max_seats_per_name": 1_000_000,
}
"""Settings for chaos. No user counts as away, and a few users may play in very many rooms. Rooms leave memory soon.
Waits are short, so that a finishing client need not wait long. Damage is found soon. The logs keep every command as
evidence."""


@contextlib.contextmanager
def sandbox_with_faults(*, no_network: str, **changes: Any) -> Iterator[ClusterFaults]:
    """Run a sandbox cluster with fault injection.

    ``no_network``: why this process has no network namespace; empty if it has one. Without a namespace, proxies cut the
    ports.

    The servers send no commands to rooms by themselves: no killed client counts as away, and no idle room is closed.
    """
    cannot: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="tictactoe-clock-") as folder, contextlib.ExitStack() as undo:
        clocks = SkewedClocks(Path(folder))
        # Servers pass their environment on to the processes that they start.
        undo.enter_context(patch.dict(os.environ, clocks.environment))
        if sys.platform != "linux":
            cannot["disk full"] = "only Linux can limit the file size of another process"
        cuts: NetworkCuts | TcpProxies | None = None
        before_start, settings = None, {**_SETTINGS, **changes}
        if not no_network:
            cuts = NetworkCuts()
        elif no_proxies := missing():
            cannot["network cut"] = f"{no_network}; {no_proxies}"
        else:
            cuts = undo.enter_context(TcpProxies())
            before_start, settings = cuts.listen, {**settings, **dict.fromkeys(_HOSTS, HOST)}
        with sandbox_cluster(before_start, **settings) as cluster:
            yield ClusterFaults(cluster, cuts, clocks, cannot)
