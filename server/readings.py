"""What a server's parts say when its metrics are asked for: numbers that are there anyway, read at that moment.

One function a role, and one for all. Nothing here counts, and nothing here holds a lock for longer than it takes to
copy a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from server.replication.primary import Step
from server.telemetry import metrics
from server.telemetry.metrics import Reading
from wire import MAIN, PROTOCOL_VERSION

if TYPE_CHECKING:  # each server needs its own parts alone, and imports take a takeover's time
    from server.communication.front_door import FrontDoor
    from server.communication.lobby_follower import LobbyCopy
    from server.log.damaged_streams import Damage
    from server.main.peer_api import MainPeer
    from server.process.server_process import Node
    from server.replication.replica_service import CopyKeeper
    from server.replication.scrub import Scrub
    from server.supervision.supervisor import Watcher


def of_node(node: Node) -> Iterator[Reading]:
    """What every server tells: its connections, whom it refused, and whom it replaced."""
    yield Reading(metrics.INFO, 1, (node.role, str(PROTOCOL_VERSION)))
    for port, endpoint, traffic in (("clients", node.clients, node.traffic), ("peers", node.peers, node.peer_traffic)):
        yield Reading(metrics.CONNECTIONS, 0 if endpoint is None else endpoint.connections, (port,))
        for code, count in list(traffic.refused.items()):
            yield Reading(metrics.REFUSED, count, (port, code))
    for watcher in node.watchers:
        yield from _of_watcher(watcher)
    for what, retries in list(node.retries.items()):
        trouble = retries.trouble
        yield Reading(metrics.FAILING_SINCE, 0 if trouble is None else trouble.since, (what,))
        for code, count in list(retries.codes.items()):
            yield Reading(metrics.FAILED_TRIES, count, (what, code))


def _of_watcher(watcher: Watcher) -> Iterator[Reading]:
    role, recovered = watcher.role, watcher.recovered
    yield Reading(metrics.STARTS, watcher.starts, (role,))
    if role == MAIN:
        yield Reading(metrics.TAKEOVER_S, recovered.took_s)
    else:
        yield Reading(metrics.RECOVERY_S, recovered.took_s, (role,))
    for reason, count in list(recovered.reasons.items()):
        if role == MAIN:
            yield Reading(metrics.TAKEOVERS, count, (reason,))
        else:
            yield Reading(metrics.RECOVERIES, count, (role, reason))


def of_main(peer: MainPeer) -> Iterator[Reading]:
    """What the main server tells; before its term only that there is none."""
    term = peer.term
    yield Reading(metrics.IN_OFFICE, 0 if term is None else 1)
    yield Reading(metrics.READ_ONLY, 1 if peer.reads_only else 0)
    if term is None:
        return
    house, link, counts = term.house, term.link, term.counts
    present = [room for room in house.in_memory() if room.players or room.spectators]
    yield Reading(metrics.EPOCH, link.epoch)
    yield Reading(metrics.POSITION, house.published)
    yield Reading(metrics.ROOMS, house.open_rooms)
    yield Reading(metrics.ROOMS_IN_MEMORY, house.rooms_in_memory)
    yield Reading(metrics.NAMES, house.names.held)
    yield Reading(metrics.RECORDS, house.records)
    yield Reading(metrics.PLAYERS, sum(room.has(name) for room in present for name in room.players))
    yield Reading(metrics.WATCHERS, sum(len(room.spectators) for room in present))
    yield Reading(metrics.CALLERS_WAITING, house.callers_waiting, ("room",))
    yield Reading(metrics.COMMANDS_WAITING, term.committer.waiting)
    yield Reading(metrics.MOVES, counts.events["moved"])
    yield Reading(metrics.MOVE_S, term.traffic.move_s)
    for kind, count in list(counts.events.items()):
        yield Reading(metrics.EVENTS, count, (kind,))
    for termination, count in list(counts.terminations.items()):
        yield Reading(metrics.GAMES, count, (termination,))
    yield Reading(metrics.COMMITS, counts.commits)
    yield Reading(metrics.COMMIT_S, counts.commit_s)
    yield Reading(metrics.BATCH, counts.commands)
    yield Reading(metrics.DEGRADED, 0 if link.step is Step.IN_STEP else 1)
    yield Reading(metrics.DEGRADED_S, link.degraded.seconds)
    yield Reading(metrics.LAG, link.lag)
    yield from _of_copy(term.damage, term.scrub)


def of_communication(copy: LobbyCopy, front_door: FrontDoor) -> Iterator[Reading]:
    """What the communication server tells."""
    yield Reading(metrics.LOBBY_ROOMS, len(copy.lobby.rows))
    yield Reading(metrics.LOBBY_COMPLETE, 1 if copy.complete else 0)
    yield Reading(metrics.CALLERS_WAITING, copy.herald.waiting, ("lobby",))
    yield Reading(metrics.SEEKERS, front_door.matchmaker.waiting)
    yield Reading(metrics.ONLINE, len(front_door.who_is_online.names()))


def of_replication(copy: CopyKeeper) -> Iterator[Reading]:
    """What the replication server tells."""
    yield Reading(metrics.EPOCH, copy.epoch)
    yield Reading(metrics.POSITION, copy.position)
    yield from _of_copy(copy.damaged, copy.scrub)


def _of_copy(damage: Damage, scrub: Scrub | None) -> Iterator[Reading]:
    yield Reading(metrics.DAMAGED, len(damage.waiting), ("waiting",))
    yield Reading(metrics.DAMAGED, len(damage.lost), ("lost",))
    yield Reading(metrics.DAMAGE_FOUND, damage.found)
    yield Reading(metrics.DAMAGE_MENDED, damage.mended)
    yield Reading(metrics.SCRUBBED, 0 if scrub is None else scrub.rows)
    yield Reading(metrics.SCRUB_FINISHED, 0 if scrub is None else scrub.finished_at)
