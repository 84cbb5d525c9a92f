"""What every server answers, whatever its role: to the other servers, and to anybody."""

from __future__ import annotations

from server.process.server_process import ServerProcess
from server.runtime.failpoints import Failpoints
from wire import PROTOCOL_VERSION
from wire.arguments import remote, seconds, text
from wire.errors import WrongMachine


class PeerApi:
    """What every server answers the others; each role adds its own."""

    def __init__(self, node: ServerProcess) -> None:
        self._node = node

    def prove(self) -> bool:
        """Come back only if what does this server's work moves; whether it does its work already."""
        raise NotImplementedError

    def more_status(self) -> dict[str, object]:
        """What this role has to say beside what all say."""
        return {}

    def more_beat(self) -> dict[str, object]:
        """What those who watch this role have to know at once."""
        return {}

    @remote(wait_s=seconds(5.0))
    def beat(self, wait_s: float) -> dict[str, object]:
        """A heartbeat after ``wait_s`` seconds, from the heart of this server."""
        return {**self._node.beat(wait_s, self.prove), **self.more_beat()}

    @remote()
    def status(self) -> dict[str, object]:
        """Who this is, whom it watches, and what its role has to say."""
        return {**self._node.status(), **self.more_status()}

    @remote(machine=text(longest=64))
    def check_machine(self, machine: str) -> None:
        """Raises WrongMachine unless that is the id of this machine and data folder.

        No lock and no SIGKILL of this machine keeps a main server of another from going on without the replica.
        """
        if machine != self._node.machine and not Failpoints(self._node.settings.test_faults).on("no_machine_check"):
            raise WrongMachine(
                "the main server and the replication server must run on one machine with one DATA_FOLDER; these do not"
            )

    @remote()
    def stand_down(self) -> None:
        """Start and end no server for a while: ten seconds, unless this is said again."""
        self._node.stand_down()

    @remote()
    def stop(self) -> None:
        """End in good order, for good: nobody is missed in this role afterwards."""
        self._node.run_folder.clear(self._node.role)
        self._node.end()


class ClientApi:
    """What every server answers anybody under its own name."""

    def __init__(self, role: str, cluster_id: str) -> None:
        self._role = role
        self._cluster_id = cluster_id

    @remote()
    def describe(self) -> dict[str, object]:
        """Which server this is, of which cluster, and which version of the protocol it speaks."""
        return {"role": self._role, "protocol": PROTOCOL_VERSION, "cluster": self._cluster_id}
