"""What was recorded on the way between servers ends nobody."""

from __future__ import annotations

from server.control.cluster import ClusterControl
from server.runtime.security import cluster_key, peer_key
from server.supervision.run_directory import RunFile
from tests.conditions import wait_until
from tests.conftest import Game
from tests.peers import peer_of
from tests.tampering import Wire, connected, ends
from wire import COMMUNICATION, MAIN, PEER, REPLICATION
from wire.rpc import Proxy

SERVERS = (MAIN, COMMUNICATION, REPLICATION)


def runs(cluster: ClusterControl) -> dict[str, RunFile | None]:
    return {role: cluster.process_of(role) for role in SERVERS}


def recorded_stop(cluster: ClusterControl, role: str) -> list[list[bytes]]:
    """Stop a server, and keep what was said to it, by connection."""
    wire = Wire(cluster.settings.peer_address_of(role))
    for method in ("stand_down", "stop"):
        caller = Proxy(wire.address, PEER, key=peer_key(cluster_key(cluster.settings), role))
        caller.call(method, timeout_s=60.0)
        caller.close()
    wire.close()
    return wire.asked


def test_a_recorded_stand_down_and_stop_end_nobody_after_a_restart(cluster: ClusterControl, game: Game) -> None:
    stopping = runs(cluster)
    recorded = {role: recorded_stop(cluster, role) for role in SERVERS}
    wait_until(lambda: not any(run is not None and run.alive for run in stopping.values()))
    cluster.start()
    before = runs(cluster)
    for role in SERVERS:
        for connection in recorded[role]:
            for other in SERVERS:
                with connected(cluster.settings.peer_address_of(other)) as stranger:
                    stranger.sendall(b"".join(connection))
                    assert ends(stranger)
    for role in SERVERS:
        peer = peer_of(cluster, role)
        assert peer.call("status", timeout_s=60.0)["pid"]
        peer.close()
    assert runs(cluster) == before
    cluster.kill(MAIN)
    wait_until(cluster.is_whole, what="they still watch one another")
    game.play(0, 3)
