"""Starts a sandbox cluster with fault injection for ``verify.chaos``: settings, detours and wrong clocks."""

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
from verify.testbed.detours import Detours
from verify.testbed.local_cluster import sandbox_cluster

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
def sandbox_with_faults(**changes: Any) -> Iterator[ClusterFaults]:
    """Run a sandbox cluster with fault injection.

    The servers send no commands to rooms by themselves: no killed client counts as away, and no idle room is closed.
    """
    cannot = {} if sys.platform == "linux" else {"disk full": "only Linux can limit the file size of another process"}
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, Detours(Path(folder)) as detours:
        clocks = SkewedClocks(Path(folder))
        of_clients = {**os.environ, **detours.environment}
        # Servers pass their environment on to the processes that they start.
        with (
            patch.dict(os.environ, {**clocks.environment, **detours.environment}),
            sandbox_cluster(detours.listen, **{**_SETTINGS, **changes}) as cluster,
        ):
            yield ClusterFaults(cluster, detours, clocks, cannot, of_clients)
