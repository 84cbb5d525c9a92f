"""Makes the supervisors of a server: how each role is called, and how long each server waits before it starts one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from server.runtime.this_machine import is_here
from server.settings import Settings
from server.supervision import template_socket
from server.supervision.heartbeat import Heartbeat, NameServerHeartbeat, PeerHeartbeat, TemplateHeartbeat
from server.supervision.processes import TEMPLATE
from server.supervision.run_directory import RunDirectory
from server.supervision.supervisor import DEFER_S, Supervisor
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

TEMPLATE_AFTER_S = {REPLICATION: 0.4, MAIN: 1.2, COMMUNICATION: 2.0}
"""Seconds after which a server starts a template process that is missing: one of them, and none in a takeover."""


def supervisors_of(
    own: str, roles: Sequence[str], settings: Settings, run_directory: RunDirectory, key: bytes
) -> Iterator[Supervisor]:
    """Yield the supervisors of the server ``own`` for these roles, and for the template process where it is possible.

    Begin each before the next is made, because a slow host name lookup must not delay it. ``key``: the cluster's key.
    """
    has_template = template_socket.is_possible(settings)
    for role in (*roles, TEMPLATE) if has_template else roles:
        defers = (own, role) == (COMMUNICATION, REPLICATION)
        yield Supervisor(
            role,
            settings,
            run_directory,
            _heartbeat_of(role, settings, run_directory, key),
            # Main and replication always share a machine, so these two need no lookup.
            supervised=role == TEMPLATE or {own, role} == {MAIN, REPLICATION} or is_here(settings.host_of(role)),
            standby=not (has_template or defers or role == NAME_SERVER),
            defer_s=TEMPLATE_AFTER_S[own] if role == TEMPLATE else DEFER_S if defers else 0.0,
            defers_to=MAIN if defers else None,
        )


def _heartbeat_of(role: str, settings: Settings, run_directory: RunDirectory, key: bytes) -> Heartbeat:
    if role == NAME_SERVER:
        return NameServerHeartbeat(settings.name_server)
    if role == TEMPLATE:
        return TemplateHeartbeat(settings, run_directory)
    return PeerHeartbeat(role, settings.peer_address_of(role), key)
