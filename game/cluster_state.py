"""State of the whole cluster: service time (see ``context``), and whether the cluster drains.

Decide and evolve, as for rooms. Pure.
"""

from __future__ import annotations

from msgspec import Struct

from game.context import Context
from game.plain_values import Form, Whole


class ClusterState(Struct, frozen=True):
    """The cluster's state.

    ``at``: the last service time in the log, in ms. ``draining``: no new names, rooms and games.

    ``until``: when the cluster stops at the latest, in seconds since 1970; None if it waits for the last game.
    """

    version: Whole
    at: Whole
    draining: bool
    until: Whole | None = None


AT_FIRST = ClusterState(0, 0, draining=False)
"""The state before the first event."""


def drain_notice(state: ClusterState) -> dict[str, object] | None:
    """Return what clients receive about a drain: a dictionary with ``until``.

    Return None when the cluster does not drain.
    """
    return {"until": state.until} if state.draining else None


class Tick(Struct, frozen=True):
    """Write the present service time to the log."""


class Drain(Struct, frozen=True):
    """Start a drain, or end it if ``on`` is false."""

    on: bool
    until: int | None = None


class Happened(Struct, frozen=True, tag="happened", tag_field="kind"):
    """The only kind of event: the cluster's state from now on."""

    at: Whole
    draining: bool
    until: Whole | None = None


def decide(state: ClusterState, command: Tick | Drain, now: Context) -> tuple[Happened, ...]:
    """Return the events of the command; none when nothing changes."""
    at = max(now.at, state.at)
    if isinstance(command, Tick):
        return (Happened(at, state.draining, state.until),) if at > state.at else ()
    until = command.until if command.on else None
    if (state.draining, state.until) == (command.on, until):
        return ()
    return (Happened(at, command.on, until),)


def evolve(state: ClusterState, event: Happened) -> ClusterState:
    """Return the state after the event."""
    return ClusterState(state.version + 1, event.at, event.draining, event.until)


EVENTS = Form(Happened)
STATES = Form(ClusterState)
