"""A sandbox cluster as the benchmark uses it: killed, started again, its memory and disk looked at."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import psutil

from server.control.cluster import ClusterControl
from server.log.archive_stream import PREFIX as ARCHIVE
from server.log.archive_stream import is_volume
from server.log.journal.file import open_journal
from server.log.journal.pair import journal_of
from server.settings import Settings
from server.supervision.processes import ROLES
from verify.testbed.local_cluster import sandbox_cluster
from wire import MAIN

LOOK_AGAIN_S = 0.002
START_LIMIT_S = 120.0
THE_LAST_VOLUME = f"{ARCHIVE}\U0010ffff"
"""In the order of streams, after all volumes of the book and before all else."""


class MeasuredCluster:
    """A running cluster."""

    def __init__(self, cluster: ClusterControl) -> None:
        self._cluster = cluster
        self.name_server = str(cluster.name_server)
        self.free_port = max(*cluster.settings.server_ports, cluster.settings.replication_metrics_port) + 1
        self.is_whole = cluster.is_whole

    def kill_main(self) -> None:
        """SIGKILL, without waiting for anything."""
        self._process(MAIN).kill()

    def restart(self) -> float:
        """Stop all and start all again: seconds from the start until the replica was in step."""
        self._cluster.stop()
        began = time.monotonic()
        self._cluster.start(timeout_s=START_LIMIT_S)
        while not self._cluster.is_whole():
            time.sleep(LOOK_AGAIN_S)
        return time.monotonic() - began

    def main_memory(self) -> int:
        """Bytes that the main server has to itself."""
        uss: int = self._process(MAIN).memory_full_info().uss
        return uss

    def journal_bytes(self) -> int:
        """The size of the main server's journal with its write-ahead log."""
        return self._bytes("main/journal.db*")

    def disk_bytes(self) -> int:
        """The size of both journals with their write-ahead logs."""
        return self._bytes("*/journal.db*")

    def kept_bytes(self) -> int:
        """What is kept in both journals weighs so much, but for the book of records, which grows with every game."""
        kept = 0
        for file in self._cluster.settings.data.glob("*/journal.db"):
            with contextlib.closing(open_journal(file)) as journal:
                kept += sum(copy.weight for copy in journal.copies(THE_LAST_VOLUME))
        return kept

    def records(self) -> int:
        """How many games the book has."""
        with contextlib.closing(open_journal(journal_of(self._cluster.settings, MAIN))) as journal:
            volumes = [row for stream, _, row in journal.listings() if row is not None and is_volume(stream)]
        return sum(int(str(row["version"])) for row in volumes)

    def cpu_s(self) -> float:
        """The processors' seconds that the four servers have taken so far."""
        times = [self._process(role).cpu_times() for role in ROLES]
        return float(sum(one.user + one.system for one in times))

    def _bytes(self, files: str) -> int:
        return sum(file.stat().st_size for file in self._cluster.settings.data.glob(files))

    def _process(self, role: str) -> psutil.Process:
        run = self._cluster.process_of(role)
        process = None if run is None else run.process()
        if process is None:
            raise ProcessLookupError(f"no {role} runs")
        return process


@contextlib.contextmanager
def measured_cluster() -> Iterator[MeasuredCluster]:
    """A new cluster with the settings that everybody has, but for its ports and its folder, and for what one name and
    one host may have: a few names open all rooms here.
    """
    wide = Settings.max_rooms
    with sandbox_cluster(
        max_rooms_per_name=wide, max_rooms_per_host=wide, max_new_rooms_per_name_per_hour=wide, max_seats_per_name=wide
    ) as cluster:
        yield MeasuredCluster(cluster)


MakeCluster = Callable[[], AbstractContextManager[MeasuredCluster]]
"""Starts a new cluster, and removes it in the end."""
