"""The status of a role as a value, what it means for the cluster, and its texts for people. No I/O.

``status`` makes it from the answers of the servers.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from server.supervision.run_file import RunFile
from wire import MAIN, NAME_SERVER, REPLICATION

IN_STEP = "in step"
"""The ``step`` of a main server while its replica is in sync."""
OTHER_PROTOCOL = "uses another version of the protocol between servers: cluster upgrade replaces all four"
_NOT_OURS = "was not started by this cluster: it is used, and left running"


class DrainStatus(Struct, frozen=True):
    """Whether the cluster drains, the latest date of its stop (seconds since 1970), and how many games still run."""

    on: bool
    until: int | None = None
    games: int = 0


class RoleStatus(Struct, frozen=True):
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
    troubles: Mapping[str, Any] = {}
    """Tasks at which a running server fails: for each task ``why``, ``since`` (seconds since 1970) and ``failures`` in
    a row.
    """
    damage: Mapping[str, Any] = {}
    """Damage in a server's copy of the log. ``waiting``: streams to be repaired from the other copy. ``lost``: streams
    that are damaged in both. ``mended``: streams that this process repaired. ``streams``: the first names.
    """
    scrub: Mapping[str, Any] = {}
    """The scrub of the same copy. ``rows``: those that this process read. ``finished_at``: when the last pass ended."""
    draining: DrainStatus | None = None
    """Only set for a primary."""
    registered: bool = True
    """Whether clients may find it: false while another cluster has the names, see ``troubles``."""

    def for_clients(self) -> dict[str, object]:
        """Return the status as a dictionary of JSON types, without anything that names addresses, disks or rooms."""
        plain: dict[str, object] = to_builtins(self)
        del plain["troubles"], plain["damage"], plain["scrub"]
        return {**plain, "note": ""} if self.state == "running" else plain


def running(role: str, answer: Mapping[str, Any], run: RunFile | None) -> RoleStatus:
    """Return the status of a server that sent ``answer``. ``run``: its process, if that is on this machine."""
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
    return f"has damaged streams: {damage['waiting']} to be repaired, {damage['lost']} lost in both copies ({named})"


def failed_starts(role: str, answers: Iterable[Mapping[str, Any] | None]) -> tuple[int, str]:
    """Return the failed starts in a row of a role that does not run, and the text about them for people."""
    watches = [answer["watches"][role] for answer in answers if answer and role in answer.get("watches", ())]
    failures = max((watch["failures"] for watch in watches), default=0)
    if not failures:
        return 0, ""
    starts_in_s = [watch["next_start_in_s"] for watch in watches if watch["next_start_in_s"] is not None]
    when = f", next try in {min(starts_in_s):.1f} s" if starts_in_s else ""
    return failures, f"keeps dying ({failures} failed start{'s' if failures > 1 else ''}){when}"
