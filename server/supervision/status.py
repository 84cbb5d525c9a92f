"""Reads the status of the four roles, and the last recoveries.

The status of each server comes from its peer port, and the processes on this machine from the run directory. Used by
``cluster`` (the command line, tests) and by the front door, which sends it to clients. Never starts or ends a process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from msgspec import convert, to_builtins

from server.runtime.security import peer_key
from server.runtime.this_machine import is_here, this_boot
from server.settings import Settings
from server.supervision import processes
from server.supervision.processes import ROLES
from server.supervision.recovery_log import Recovery, RecoveryLog
from server.supervision.role_status import OTHER_PROTOCOL, RoleStatus, failed_starts, running
from server.supervision.run_directory import RunDirectory
from server.supervision.run_file import RunFile
from wire import NAME_SERVER, PEER, rpc
from wire.errors import Forbidden, ProtocolMismatch, TicTacToeError
from wire.later import Later
from wire.rpc import Proxy

CALL_TIMEOUT_S = 1.0
FRESH_S = 0.1
"""Seconds. The maximum age of what ``CachedStatus`` returns."""


class StatusReader:
    """Reads the status of the cluster of these settings."""

    def __init__(self, settings: Settings, run_directory: RunDirectory, key: bytes) -> None:
        self.settings = settings
        self._run_directory = run_directory
        self._recoveries = RecoveryLog(settings)
        self._key = key
        self._other_protocol: set[str] = set()
        """Servers that last answered in another version of the protocol between servers.

        Their refusal shows that. Nothing that they answer can be authenticated here.
        """

    def status(self) -> list[RoleStatus]:
        """Return the status of the four roles, in the order of ``processes.ROLES``.

        Raises Forbidden when the servers have another cluster key.
        """
        with ThreadPoolExecutor(len(ROLES)) as pool:
            answers = dict(zip(ROLES, pool.map(self._answer_of, ROLES), strict=True))
        conflicts = {role: why for role, answer in answers.items() if (why := self._port_conflict(role, answer))}
        ours = {role: None if role in conflicts else answer for role, answer in answers.items()}
        return [
            self._role_status(role, ours[role], *failed_starts(role, ours.values()), conflicts.get(role, ""))
            for role in ROLES
        ]

    def recoveries(self) -> list[Recovery]:
        """Return the last recoveries by servers on this machine, the latest first."""
        return self._recoveries.last(ROLES)

    def snapshot(self) -> dict[str, object]:
        """Return status and recoveries as plain dictionaries, and ``now`` by the local clock (seconds since 1970)."""
        return {
            "servers": [role.for_clients() for role in self.status()],
            "recoveries": to_builtins(self.recoveries()),
            "now": time.time(),
        }

    def process_of(self, role: str) -> RunFile | None:
        """Return the living process of a role in this data folder, or None.

        A name server that was started by hand or by another project does not count.
        """
        run = self._run_directory.read(role)
        if run is not None and run.alive:
            return run
        return processes.find_name_server(self.settings) if role == NAME_SERVER else None

    def processes(self) -> set[RunFile]:
        """Return the living processes of all roles in this data folder."""
        return {run for role in ROLES if (run := self.process_of(role)) is not None}

    def call(self, role: str, method: str, *arguments: object) -> Mapping[str, Any] | None:
        """Call a method of a server's peer object and return its answer.

        Returns None if it does not answer, or if a server of another data folder answers. Raises Forbidden.
        """

        def request(remote: Proxy) -> Mapping[str, Any] | None:
            status: Mapping[str, Any] = remote.call("status", timeout_s=CALL_TIMEOUT_S)
            if not self._is_ours(role, status):
                return None
            return status if method == "status" else remote.call(method, *arguments, timeout_s=CALL_TIMEOUT_S) or {}

        return self._call(role, request)

    def port_conflict(self, role: str) -> str:
        """Return why no server of this data folder can run in that role, as part of a sentence for people.

        The reason is that a server of another data folder uses its port. Empty if the port is not taken. Raises
        Forbidden.
        """
        return self._port_conflict(role, self._answer_of(role))

    def _call(self, role: str, request: Callable[[Proxy], Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
        """Return the result of ``request`` with a connection to the role; None without an answer. Raises Forbidden."""
        remote = Proxy(self.settings.peer_address_of(role), PEER, key=peer_key(self._key, role))
        self._other_protocol.discard(role)
        try:
            return request(remote)
        except Forbidden:
            raise
        except ProtocolMismatch:
            self._other_protocol.add(role)
            return None
        except TicTacToeError:
            return None
        finally:
            remote.close()

    def _answer_of(self, role: str) -> Mapping[str, Any] | None:
        """Return the status from the port of that role, also if the server belongs to another data folder."""
        if role == NAME_SERVER:
            return {} if rpc.name_server_answers(self.settings.name_server, timeout_s=CALL_TIMEOUT_S) else None
        return self._call(role, lambda remote: remote.call("status", timeout_s=CALL_TIMEOUT_S))

    def _port_conflict(self, role: str, answer: Mapping[str, Any] | None) -> str:
        if answer is None or self._is_ours(role, answer):
            return ""
        where = self.settings.peer_address_of(role)
        return f"its port {where} is taken by the {role} of another data folder (pid {answer['pid']})"

    def _is_ours(self, role: str, answer: Mapping[str, Any]) -> bool:
        """Whether an answer is from this data folder, or from another machine, which has a folder of its own.

        The answer of a name server does not show where it belongs.
        """
        if role == NAME_SERVER or not is_here(self.settings.host_of(role)):
            return True
        run = convert(answer, RunFile)
        return run.boot not in ("", this_boot()) or self._run_directory.owns(run)

    def _role_status(
        self, role: str, answer: Mapping[str, Any] | None, failures: int, note: str, conflict: str
    ) -> RoleStatus:
        run = self.process_of(role)
        if answer is not None:
            return running(role, answer, run)
        if conflict:
            note = f"does not run: {conflict}"
        if run is not None and role in self._other_protocol:
            note = OTHER_PROTOCOL
        return RoleStatus(
            role,
            "stopped" if run is None else "silent",
            pid=None if run is None else run.pid,
            note=note,
            failures=failures,
        )


class CachedStatus:
    """Caches a status for many callers: it is read at most once in ``FRESH_S``, and by one thread at a time."""

    def __init__(self, reader: StatusReader, in_thread: Callable[[Callable[[], object]], Later]) -> None:
        """``in_thread``: runs what waits; see ``EventLoop``."""
        self._status_reader = reader
        self._in_thread = in_thread
        self._status: Later | None = None
        """The last status, or the one that is being read now."""
        self._read_at = float("-inf")

    def read(self) -> Later:
        """Return the cached result of ``StatusReader.snapshot``."""
        if self._status is None or (self._status.settled and time.monotonic() - self._read_at > FRESH_S):
            self._status = self._in_thread(self._status_reader.snapshot)
            self._status.then(self._note_time)
        return self._status

    def _note_time(self, *_: object) -> None:
        self._read_at = time.monotonic()
