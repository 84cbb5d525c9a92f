"""How long each role is missing after a kill, while people play."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.measured_cluster import MakeCluster
from bench.measures.figures import FigureRow, Round
from bench.measures.kills import Killing
from bench.measures.players import open_rooms, players_in
from bench.measures.scale import Scale
from bench.measures.takeover import PAUSE_S
from bench.yardsticks import Yardsticks
from verify.testbed.percentiles import percentile
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

MOST_MS, REACH_MS = 200.0, 100.0
UNTIL: Mapping[str, tuple[Sequence[str], str]] = {
    "kill main": ((MAIN,), "the next accepted move"),
    "kill replica": ((REPLICATION,), "in sync again"),
    "kill both": ((MAIN, REPLICATION), "the next accepted move"),
    "kill front door": ((COMMUNICATION,), "it lists rooms"),
    "kill name server": ((NAME_SERVER,), "it leads to the front door"),
}
"""For each row the roles that are killed, and what shows that they serve again."""


def recovery(cluster: MakeCluster, scale: Scale, _: Yardsticks) -> Iterator[FigureRow]:
    """Measure kills of each role, and of main and replica together, until they serve again."""
    with players_in(cluster, scale.processes) as (servers, players):
        rooms = open_rooms(players, scale.playing // scale.processes)
        for name, (roles, until) in UNTIL.items():
            found = Killing(servers, players, rooms, roles, PAUSE_S).downtimes(scale.kills_of_a_role)
            took_ms = [one.move_ms if MAIN in roles else one.serves_ms for one in found]
            names = {name for one in found for name in one.processor_us}
            processor_us = {
                name: percentile([one.processor_us.get(name, 0.0) for one in found], 50) for name in sorted(names)
            }
            note = f"{len(found)} kills, p50 {percentile(took_ms, 50):.0f} ms, at most {max(took_ms):.0f} ms"
            yield FigureRow(
                name,
                f"kill -9 of {' and '.join(roles)} → {until}, {scale.playing} rooms playing, p99",
                "ms",
                (Round(percentile(took_ms, 99), processor_us=processor_us),),
                target=MOST_MS,
                note=note,
                reach=REACH_MS,
                processor_for="the new server until it serves",
            )
