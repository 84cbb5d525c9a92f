"""The status of the four roles: which process runs, since when, in which epoch, and the last recoveries.

Reads the status of each server from its peer port, and the processes on this machine from the run directory. Used by
``cluster`` (the command line, tests) and by the front door, which sends it to clients. Never starts or ends a process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from server.runtime.security import peer_key
from server.runtime.this_machine import is_here
from server.settings import Settings
from server.supervision import processes
from server.supervision.processes import ROLES
from server.supervision.recovery_log import Recovery, RecoveryLog
from server.supervision.run_directory import RunDirectory
from server.supervision.run_file import RunFile, this_boot
from wire import MAIN, NAME_SERVER, PEER, REPLICATION, rpc
from wire.errors import Forbidden, ProtocolMismatch, TicTacToeError
from wire.rpc import Proxy

CALL_TIMEOUT_S = 1.0
FRESH_S = 0.1
"""Seconds. The maximum age of what ``CachedStatus`` returns."""

IN_STEP = "in step"
_NOT_OURS = "was not started by this cluster: it is used, and left running"
OTHER_PROTOCOL = "speaks another version of the protocol between servers: cluster upgrade replaces all"


@dataclass(frozen=True)
class DrainStatus:
    """Whether the cluster drains, the latest date of its stop (seconds since 1970), and how many games still run."""

    on: bool
    until: int | None = None
    games: int = 0


@dataclass(frozen=True)
class RoleStatus:
    """The status of one role. ``state``: "running", "silent" (a process that does not answer) or "stopped"."""

    role: str
    state: str
    pid: int | None = None
    epoch: int | None = None
    started_at: float | None = None
    rooms: int | None = None
    names: int | None = None
    step: str | None = None
    position: int | None = None
    note: str = ""
    """What people must know about it, in one line."""
    failures: int = 0
    """Failures in a row. For a server that does not run: how often it died at its start. For a running server: how
    often it failed at a task that it retries.
    """
    troubles: Mapping[str, Any] = field(default_factory=dict)
    """Tasks at which a running server fails: for each task ``why``, ``since`` (seconds since 1970) and ``failures`` in
    a row.
    """
    damage: Mapping[str, Any] = field(default_factory=dict)
    """Damage in a server's copy of the log. ``waiting``: streams to be repaired from the other copy. ``lost``: streams
    that are damaged in both. ``mended``: streams that this process repaired. ``streams``: the first names.
    """
    scrub: Mapping[str, Any] = field(default_factory=dict)
    """The scrub of the same copy. ``rows``: those that this process read. ``finished_at``: when the last pass ended."""
    draining: DrainStatus | None = None
    """Only set for a primary."""
    registered: bool = True
    """Whether clients may find it: false while another cluster has the names, see ``troubles``."""

    def as_plain(self) -> dict[str, object]:
        """Return the status as a dictionary of JSON types."""
        return asdict(self)

    def for_clients(self) -> dict[str, object]:
        """Return the same without anything that names addresses, disks or rooms."""
        plain = self.as_plain()
        del plain["troubles"], plain["damage"], plain["scrub"]
        return {**plain, "note": ""} if self.state == "running" else plain


class _FailedStarts(NamedTuple):
    """Failed starts in a row, and the text about them for people."""

    failures: int
    note: str


class StatusReader:
    """Reads the status of the cluster of these settings."""

    def __init__(self, settings: Settings, run_directory: RunDirectory, key: bytes) -> None:
        self._settings = settings
        self._run_directory = run_directory
        self._recoveries = RecoveryLog(settings)
        self._key = key
        self._other_protocol: set[str] = set()
        """Servers that last answered in another version of the protocol between servers."""

    def status(self) -> list[RoleStatus]:
        """Return the status of the four roles, in the order of ``processes.ROLES``.

        Raises Forbidden when the servers have another cluster key.
        """
        with ThreadPoolExecutor(len(ROLES)) as pool:
            answers = dict(zip(ROLES, pool.map(self._answer_of, ROLES), strict=True))
        taken = {role: why for role, answer in answers.items() if (why := self._taken_by(role, answer))}
        ours = {role: None if role in taken else answer for role, answer in answers.items()}
        return [
            self._role_status(role, ours[role], _failed_starts(role, ours.values()), taken.get(role, ""))
            for role in ROLES
        ]

    def recoveries(self) -> list[Recovery]:
        """Return the last recoveries by servers on this machine, the latest first."""
        return self._recoveries.last(ROLES)

    def snapshot(self) -> dict[str, object]:
        """Return status and recoveries as plain dictionaries, and ``now`` by the local clock (seconds since 1970)."""
        return {
            "servers": [role.for_clients() for role in self.status()],
            "recoveries": [recovery.as_plain() for recovery in self.recoveries()],
            "now": time.time(),
        }

    def process_of(self, role: str) -> RunFile | None:
        """Return the living process of a role in this data folder, or None.

        A name server that was started by hand or by another project does not count.
        """
        run = self._run_directory.read(role)
        if run is not None and run.alive:
            return run
        return processes.find_name_server(self._settings) if role == NAME_SERVER else None

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

    def has_other_protocol(self, role: str) -> bool:
        """Whether a server is there with another version of the protocol between servers. Raises Forbidden.

        Its refusal shows that. Nothing that it answers can be authenticated here.
        """
        return self.call(role, "status") is None and role in self._other_protocol

    def taken_by(self, role: str) -> str:
        """Return why no server of this data folder can run in that role, as part of a sentence for people.

        The reason is that a server of another data folder uses its port. Empty if the port is not taken. Raises
        Forbidden.
        """
        return self._taken_by(role, self._answer_of(role))

    def _call(self, role: str, request: Callable[[Proxy], Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
        """Return the result of ``request`` with a connection to the role; None without an answer. Raises Forbidden."""
        remote = Proxy(self._settings.peer_address_of(role), PEER, key=peer_key(self._key, role))
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
            return {} if rpc.name_server_answers(self._settings.name_server, timeout_s=CALL_TIMEOUT_S) else None
        return self._call(role, lambda remote: remote.call("status", timeout_s=CALL_TIMEOUT_S))

    def _taken_by(self, role: str, answer: Mapping[str, Any] | None) -> str:
        if answer is None or self._is_ours(role, answer):
            return ""
        where = self._settings.peer_address_of(role)
        return f"its port {where} is taken by the {role} of another data folder (pid {answer['pid']})"

    def _is_ours(self, role: str, answer: Mapping[str, Any]) -> bool:
        """Whether an answer is from this data folder, or from another machine, which has a folder of its own.

        The answer of a name server does not show where it belongs.
        """
        if role == NAME_SERVER or not is_here(self._settings.host_of(role)):
            return True
        run = RunFile.from_plain(answer)
        return run.boot not in ("", this_boot()) or self._run_directory.owns(run)

    def _role_status(
        self, role: str, answer: Mapping[str, Any] | None, failed_starts: _FailedStarts, taken: str
    ) -> RoleStatus:
        run = self.process_of(role)
        if answer is None:
            pid = None if run is None else run.pid
            note, failures = f"does not run: {taken}" if taken else failed_starts.note, failed_starts.failures
            if run is not None and role in self._other_protocol:
                note = OTHER_PROTOCOL
            return RoleStatus(role, "stopped" if run is None else "silent", pid, note=note, failures=failures)
        troubles, damage = answer.get("troubles", {}), answer.get("damage", {})
        notes = [_trouble_text(what, trouble) for what, trouble in troubles.items()]
        if damage.get("waiting") or damage.get("lost"):
            notes.append(_damage_text(damage))
        if role == NAME_SERVER and run is None:
            notes.append(_NOT_OURS)
        return RoleStatus(
            role,
            "running",
            pid=answer.get("pid", None if run is None else run.pid),
            epoch=answer.get("epoch") if role in (MAIN, REPLICATION) else None,
            started_at=answer.get("started_at", None if run is None else run.created_at),
            rooms=answer.get("rooms"),
            names=answer.get("names"),
            step=answer.get("step"),
            position=answer.get("position"),
            draining=drain_status_from(answer),
            registered=not answer.get("conflict"),
            note="; ".join(notes),
            damage=damage,
            scrub=answer.get("scrub", {}),
            failures=max((trouble["failures"] for trouble in troubles.values()), default=0),
            troubles=troubles,
        )


class CachedStatus:
    """Caches a status for many callers: it is read at most once in ``FRESH_S``."""

    def __init__(self, reader: StatusReader) -> None:
        self._status_reader = reader
        # Guards ``_status`` and ``_read_at``, which are set together.
        self._lock = threading.Lock()
        self._status: dict[str, object] = {}
        self._read_at = float("-inf")

    def read(self) -> dict[str, object]:
        """Return the cached result of ``StatusReader.snapshot``."""
        # The lock is held while reading, so that any number of callers cost one read. Nothing else takes it, and a read
        # is short.
        with self._lock:
            if time.monotonic() - self._read_at > FRESH_S:
                self._status = self._status_reader.snapshot()
                self._read_at = time.monotonic()
            return self._status


def whole(roles: Sequence[RoleStatus]) -> bool:
    """Whether all roles run, clients may find them, the replica is in sync and no damage waits for repair."""
    run = all(role.state == "running" and role.registered and not role.damage.get("waiting") for role in roles)
    return run and all(role.step == IN_STEP for role in roles if role.role == MAIN)


def log_is_complete(roles: Sequence[RoleStatus]) -> bool:
    """Whether both copies of the log have everything that was ever kept."""
    return not any(role.damage.get("lost") for role in roles)


def drain_status_from(status: Mapping[str, Any]) -> DrainStatus | None:
    """Return the drain in a primary's status; None if the status has no such field."""
    if "draining" not in status:
        return None
    draining = status["draining"]
    return DrainStatus(False) if draining is None else DrainStatus(True, draining["until"], draining["games"])


def _trouble_text(what: str, trouble: Mapping[str, Any]) -> str:
    """Return a text for people about a task at which a running server fails."""
    since = time.strftime("%F %T", time.localtime(trouble["since"]))
    return f"fails at {what} since {since} ({trouble['failures']} times): {trouble['why']}"


def _damage_text(damage: Mapping[str, Any]) -> str:
    """Return a text for people about the damage in a copy of the log."""
    named = ", ".join(damage["streams"])
    return f"has damage: {damage['waiting']} streams to be mended, {damage['lost']} lost in both copies ({named})"


def _failed_starts(role: str, answers: Iterable[Mapping[str, Any] | None]) -> _FailedStarts:
    """Return what the supervisors report of a role that does not run."""
    watches = [answer["watches"][role] for answer in answers if answer and role in answer.get("watches", ())]
    failures = max((watch["failures"] for watch in watches), default=0)
    if not failures:
        return _FailedStarts(0, "")
    starts_in_s = [watch["next_start_in_s"] for watch in watches if watch["next_start_in_s"] is not None]
    when = f", next try in {min(starts_in_s):.1f} s" if starts_in_s else ""
    return _FailedStarts(failures, f"keeps dying ({failures} failed start{'s' if failures > 1 else ''}){when}")
