"""What holds for the whole cluster: service time (see ``moment``), and whether it is being emptied. Decide and evolve,
like rooms but tiny. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from game.errors import InvalidArgument
from game.moment import Context
from game.plain_values import or_none, whole, yes_or_no


class ClusterState(NamedTuple):
    """``at``: the service time that was last written down. ``drain_rules``: no new names, rooms and matches. ``until``:
    the date, in seconds since 1970, when the cluster stops in any case; None if it waits for the last game.
    """

    version: int = 0
    at: int = 0
    draining: bool = False
    until: int | None = None


def told(state: ClusterState) -> dict[str, object] | None:
    """What people are told of a cluster that is being emptied: ``until``; None when it is not."""
    return {"until": state.until} if state.draining else None


@dataclass(frozen=True, slots=True)
class Tick:
    """Write down what time it is."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Begin to empty the cluster, or (not ``on``) go on as usual."""

    on: bool
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """The only kind of event: how it is from now on."""

    at: int
    draining: bool
    until: int | None


def decide(state: ClusterState, command: Tick | Drain, now: Context) -> tuple[Happened, ...]:
    """What the command changes, if anything."""
    at = max(now.at, state.at)
    if isinstance(command, Tick):
        return (Happened(at, state.draining, state.until),) if at > state.at else ()
    until = command.until if command.on else None
    if (state.draining, state.until) == (command.on, until):
        return ()
    return (Happened(at, command.on, until),)


def evolve(state: ClusterState, event: Happened) -> ClusterState:
    """The state after the event."""
    return ClusterState(state.version + 1, event.at, event.draining, event.until)


def to_plain(event: Happened) -> dict[str, object]:
    """The event as plain data."""
    return {"kind": "happened", "at": event.at, "draining": event.draining, "until": event.until}


def from_plain(plain: object) -> Happened:
    """The event that ``to_plain`` wrote; unknown fields are ignored. Raises InvalidArgument for anything else."""
    if not isinstance(plain, Mapping) or plain.get("kind") != "happened":
        raise InvalidArgument("an event of the whole cluster is a dictionary of a known kind")
    at, until = whole(plain.get("at"), "at"), or_none(whole)(plain.get("until"), "until")
    draining = yes_or_no(plain.get("draining"), "draining")
    return Happened(at, draining, until)  # type: ignore[arg-type]  # a whole number or None, as was just checked


def encode(state: ClusterState) -> dict[str, object]:
    """The state as plain data."""
    return state._asdict()


def decode(plain: Mapping[str, Any]) -> ClusterState:
    """The state that ``encode`` wrote. Raises InvalidArgument for anything else."""
    version = whole(plain["version"], "version")
    event = from_plain({"kind": "happened", **plain})
    return ClusterState(version, event.at, event.draining, event.until)
