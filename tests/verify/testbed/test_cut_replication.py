"""A cut of the replication server's peer port also holds back the entries, which go over the replica link."""

from __future__ import annotations

from client import connect
from tests.conditions import PATIENCE_S, wait_until
from verify.testbed.fault_sandbox import sandbox_with_faults
from wire import REPLICATION


def test_the_main_server_goes_on_without_a_replica_that_is_cut_off() -> None:
    with sandbox_with_faults(hang_s=PATIENCE_S) as servers, connect(servers.name_server) as cluster:
        wait_until(servers.is_whole)
        room = cluster.claim("ada").create()
        room.join()
        servers.cut(REPLICATION, "peer", "both")
        room.leave()  # is acknowledged once the append has timed out
        assert not servers.is_whole()
        servers.mend(REPLICATION, "peer", "both")
        wait_until(servers.is_whole)
