"""The single stream of the state of the whole cluster: service time, and whether the cluster drains."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from msgspec.structs import replace

from game import cluster_state
from game.cluster_state import AT_FIRST, ClusterState, Drain, Happened, Tick
from game.context import Context
from server.log.entries import StreamCopy
from server.log.stream_kind import StreamKind

PREFIX = "service/"
THE_SERVICE = f"{PREFIX}all"


class ServiceStream(StreamKind):
    """The state of the whole cluster. Its rules are in ``game.cluster_state``."""

    events = cluster_state.EVENTS
    states = cluster_state.STATES

    def initial_state(self, stream: str) -> ClusterState:  # noqa: ARG002
        return AT_FIRST

    def decide(self, state: ClusterState, command: Tick | Drain, now: Context) -> Sequence[Happened]:
        return cluster_state.decide(state, command, now)

    def evolve(self, state: ClusterState, event: Happened) -> ClusterState:
        return cluster_state.evolve(state, event)

    def request(self, command: Tick | Drain) -> Hashable:
        return object(), command  # no command is a retry of another: each has the same effect twice as once

    def answer(self, state: ClusterState, command: Tick | Drain) -> Mapping[str, object]:  # noqa: ARG002
        return self.encode(state)

    def best_known_state(self, copy: StreamCopy) -> ClusterState:
        """Return the state after the last readable event. Every event contains the whole state, so that is enough."""
        snapshot = copy.snapshot
        state = AT_FIRST if snapshot is None or snapshot.is_lost else self.read_state(snapshot.body)
        for entry in copy.entries:
            if not entry.is_lost and entry.version > state.version:
                state = replace(self.evolve(state, self.read_event(entry.body)), version=entry.version)
        return replace(state, version=copy.version)
