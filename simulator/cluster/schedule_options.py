"""What differs between schedules: the network, the settings, the clients and the kinds of faults.

All follows from the seed. The names of the random streams and the order of the draws stay as they are. Otherwise every
recorded seed would give another history.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from simulator.cluster.servers.machine import SimulatedLimits
from simulator.engine.network import NetworkConditions

P_OLD_MAIN = 0.1
P_SYNC = 0.6
P_RESTORATIONS = 0.3
P_DAMAGE = 0.3
P_MATCHES = 0.6
SCRUB_EVERY_S = 0.5
MATCH_PLAYERS = ("c1", "c2", "c3", "c4")
ACCOUNT_CLIENTS: tuple[tuple[str, ...], ...] = ((), ("h1", "h2"))


@dataclass(frozen=True)
class ScheduleOptions:
    """The options of one schedule."""

    keeps_old_main: bool
    """Whether a main server is replaced without being ended, and wakes later. Then there are no other faults of servers
    or of the network, and no account clients and matches."""
    conditions: NetworkConditions
    account_clients: tuple[str, ...]
    match_players: tuple[str, ...]
    restorations: bool
    """Whether older journals are restored."""
    damage: bool
    """Whether rows of journals are damaged."""
    limits: SimulatedLimits
    syncs: bool
    """Whether the journals sync every write."""
    most_gap_s: float
    """The longest time between two faults, in seconds."""


def draw_options(new_rng: Callable[[str], random.Random]) -> ScheduleOptions:
    """Draw the options of a schedule. ``new_rng`` returns the random generator of a stream."""
    rng = new_rng("schedule")
    keeps_old_main = rng.random() < P_OLD_MAIN

    def drawn(stream: str, probability: float) -> bool:
        return not keeps_old_main and new_rng(stream).random() < probability

    conditions = NetworkConditions()
    if not keeps_old_main:
        conditions = NetworkConditions(
            loss=rng.choice((0.0, 0.0, 0.01, 0.05)),
            duplicate=rng.choice((0.0, 0.05)),
            straggle=rng.choice((0.0, 0.02, 0.1, 0.3)),
        )
    account_clients = () if keeps_old_main else rng.choice(ACCOUNT_CLIENTS)
    damage = drawn("damages", P_DAMAGE)
    return ScheduleOptions(
        keeps_old_main=keeps_old_main,
        conditions=conditions,
        account_clients=account_clients,
        match_players=MATCH_PLAYERS if not account_clients and drawn("clocks", P_MATCHES) else (),
        restorations=drawn("backups", P_RESTORATIONS),
        damage=damage,
        limits=SimulatedLimits(
            scrub_every_s=SCRUB_EVERY_S if damage else None,
            kept_closed_rooms=1 if account_clients else 1000,
            snapshot_every=rng.choice((3, 8, 1000)),
            keep_events=rng.choice((4, 1_000_000, 1_000_000)),
            piece_bytes=rng.choice((1, 400, 400, 1500, 1 << 18)),
            last_piece_entries=rng.choice((0, 2, 50)),
        ),
        syncs=rng.random() < P_SYNC,
        most_gap_s=rng.choice((0.3, 0.8, 2.0)),
    )
