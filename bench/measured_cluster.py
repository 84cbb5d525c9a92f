"""A sandbox cluster for the benchmark: it can be killed and restarted, and its memory and disk use can be measured."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import psutil

from server.control.cluster import ClusterControl
from server.log.archive_stream import PREFIX as ARCHIVE
from server.log.archive_stream import is_segment
from server.log.journal.pair import reading
from server.settings import Settings
from server.supervision.processes import ROLES, TEMPLATE
from server.supervision.role_status import IN_STEP
from verify.testbed.local_cluster import sandbox_cluster
from verify.testbed.waiting import wait_until
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION, rpc
from wire.errors import TicTacToeError

LOG = (MAIN, REPLICATION)
"""The roles that a move passes through."""
SHORT_NAMES = {
    MAIN: "main",
    REPLICATION: "replica",
    COMMUNICATION: "front door",
    NAME_SERVER: "name server",
    TEMPLATE: "template",
}
LOOK_AGAIN_S = 0.002
START_LIMIT_S = 120.0
CALL_S = 1.0
THE_LAST_SEGMENT = f"{ARCHIVE}\U0010ffff"
"""In the order of streams: after all segments of the game archive, and before everything else."""


class MeasuredCluster:
    """A running cluster."""

    def __init__(self, cluster: ClusterControl) -> None:
        self._cluster = cluster
        self.name_server = str(cluster.name_server)
        self.is_whole = cluster.is_whole

    def kill(self, roles: Sequence[str]) -> None:
        """Send SIGKILL to the processes of these roles, without waiting."""
        for process in [self._process(role) for role in roles]:
            process.kill()

    def serves(self, role: str) -> bool:
        """Return whether that role does its work, as a client or another server notices it.

        The name server leads to the front door, the front door lists rooms, the main server is the primary, and the
        replica has all that the main server has.
        """
        settings = self._cluster.settings
        if role == NAME_SERVER:
            return _answers(lambda: rpc.look_up(settings.name_server, COMMUNICATION, timeout_s=CALL_S))
        if role == COMMUNICATION:
            front_door = rpc.Proxy(settings.public_address_of(role), role)
            with contextlib.closing(front_door):
                return _answers(lambda: front_door.call("rooms", "", 1, timeout_s=CALL_S))
        primary = self._cluster.call(MAIN, "status") or {}
        if role == MAIN:
            return "epoch" in primary
        copy = self._cluster.call(REPLICATION, "status")
        in_sync = primary.get("step") == IN_STEP
        return in_sync and copy is not None and copy["position"] >= primary["position"]

    def restart(self) -> float:
        """Stop and start all processes. Return the seconds from the start until the replica was in sync."""
        self._cluster.stop()
        began = time.monotonic()
        self._cluster.start(timeout_s=START_LIMIT_S)
        wait_until(self.is_whole, START_LIMIT_S, "all servers", look_again_s=LOOK_AGAIN_S)
        return time.monotonic() - began

    def main_memory(self) -> int:
        """Return the private memory of the main server, in bytes."""
        uss: int = self._process(MAIN).memory_full_info().uss
        return uss

    def journal_bytes(self) -> int:
        """Return the size of the main server's journal: database, write-ahead log and segments, in bytes."""
        return self._bytes("main/journal.db*", "main/journal.segments/*")

    def disk_bytes(self) -> int:
        """Return the size of both journals: databases, write-ahead logs and segments, in bytes."""
        return self._bytes("*/journal.db*", "*/journal.segments/*")

    def kept_bytes(self) -> int:
        """Return the bytes of content in both journals, without the game archive, which grows with every game."""
        kept = 0
        for role in (MAIN, REPLICATION):
            with reading(self._cluster.settings, role) as journal:
                kept += sum(copy.weight for copy in journal.copies(THE_LAST_SEGMENT))
        return kept

    def records(self) -> int:
        """Return the number of games in the archive."""
        with reading(self._cluster.settings, MAIN) as journal:
            segments = [row for stream, _, row in journal.summaries()[0] if row is not None and is_segment(stream)]
        return sum(int(str(row["version"])) for row in segments)

    def roles(self) -> list[str]:
        """Return the roles with a process, the template process included."""
        return [role for role in (*ROLES, TEMPLATE) if self._cluster.process_of(role) is not None]

    def pids(self, roles: Sequence[str] = ROLES) -> dict[str, int]:
        """Return the processes of these roles, by the short names that the report has for them."""
        return {SHORT_NAMES[role]: self._process(role).pid for role in roles}

    def _bytes(self, *patterns: str) -> int:
        data = self._cluster.settings.data
        return sum(file.stat().st_size for files in patterns for file in data.glob(files))

    def _process(self, role: str) -> psutil.Process:
        run = self._cluster.process_of(role)
        process = None if run is None else run.process()
        if process is None:
            raise ProcessLookupError(f"{role} does not run")
        return process


def _answers(call: Callable[[], object]) -> bool:
    try:
        call()
    except TicTacToeError:
        return False
    return True


@contextlib.contextmanager
def measured_cluster() -> Iterator[MeasuredCluster]:
    """Start a new cluster with default settings.

    Exceptions are its ports, its folder and the limits for each name and host: a few names open all rooms here.
    """
    wide = Settings.max_rooms
    with sandbox_cluster(
        max_rooms_per_name=wide, max_rooms_per_host=wide, max_new_rooms_per_name_per_hour=wide, max_seats_per_name=wide
    ) as cluster:
        yield MeasuredCluster(cluster)


MakeCluster = Callable[[], AbstractContextManager[MeasuredCluster]]
"""Starts a new cluster, and removes it at the end."""
