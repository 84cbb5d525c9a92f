"""The remote methods that every server has: for the other servers, and for clients."""

from __future__ import annotations

from server.process.server_process import ServerProcess
from server.runtime.effects import Effects, Sleep
from server.runtime.failpoints import Failpoints
from wire import PROTOCOL_VERSION
from wire.arguments import remote, seconds, text
from wire.errors import WrongMachine


class PeerApi:
    """A server's remote methods for the other servers. Each role adds its own methods."""

    def __init__(self, process: ServerProcess) -> None:
        self._process = process

    def probe(self) -> Effects[bool]:
        """Return only if the part that does this server's work makes progress.

        Return whether it does its work already.
        """
        raise NotImplementedError

    def more_status(self) -> dict[str, object]:
        """Return this role's part of the status."""
        return {}

    def more_beat(self) -> dict[str, object]:
        """Return this role's part of a heartbeat: what supervisors need at once."""
        return {}

    @remote(wait_s=seconds(5.0))
    def beat(self, wait_s: float) -> Effects[dict[str, object]]:
        """Answer a heartbeat after ``wait_s`` seconds, if ``probe`` shows progress.

        The answer comes from the event loop, so it also shows that the loop moves. ``serving`` in the answer: whether
        the server does its work already, or still waits for something.
        """
        yield Sleep(wait_s)
        serving = yield from self.probe()
        return {**self._process.identity, "serving": serving, **self.more_beat()}

    @remote()
    def status(self) -> dict[str, object]:
        """Return the identity of this process, its supervisors, and this role's part."""
        return {**self._process.status(), **self.more_status()}

    @remote(machine=text(longest=64))
    def check_machine(self, machine: str) -> None:
        """Raise WrongMachine unless ``machine`` is the id of this machine and data folder.

        Locks and SIGKILL work within one machine. They cannot keep a main server of another machine from going on
        without the replica.
        """
        if machine != self._process.machine and not Failpoints(self._process.settings.test_faults).on(
            "no_machine_check"
        ):
            raise WrongMachine(
                "the main server and the replication server must run on one machine with one DATA_FOLDER; these do not"
            )

    @remote()
    def stand_down(self) -> None:
        """Start and end no server for ten seconds. A repeated call starts the ten seconds again."""
        self._process.stand_down()

    @remote()
    def stop(self) -> None:
        """End in good order and delete the run file, so that no supervisor starts this role again."""
        self._process.run_directory.clear(self._process.role)
        self._process.end()


class ClientApi:
    """The remote methods that every server has for clients, under the name of its role."""

    def __init__(self, role: str, cluster_id: str) -> None:
        self._role = role
        self._cluster_id = cluster_id

    @remote()
    def describe(self) -> dict[str, object]:
        """Return the server's role, its cluster and its protocol version."""
        return {"role": self._role, "protocol": PROTOCOL_VERSION, "cluster": self._cluster_id}
