"""The cluster's entries in the name server: kept up to date, and never written over those of another live cluster.

Clients look up only the front door, but a cluster has all three names or none. If one name belonged to another cluster,
clients would be split between the two. The first taken name, in the order of NAMES, decides which cluster gets all
three. The other cluster removes its entries, reports why, and waits. Entries of dead servers may be replaced.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping

import structlog

from game.errors import NoSuchRoom
from server.runtime.retries import TAKEOVER_S, Retries
from server.runtime.this_machine import is_here
from server.settings import Settings
from wire import COMMUNICATION, MAIN, REPLICATION, rpc
from wire.errors import DeadlineExceeded, NotReady, TicTacToeError, Unreachable
from wire.rpc import NameServerWatch, Proxy, Registered

NAMES = (COMMUNICATION, MAIN, REPLICATION)
CALL_TIMEOUT_S = 1.0
REGISTER_PAUSE_S = 0.5
REGISTER_AGAIN_S = 0.02
"""Seconds until the next attempt while no name server answers. Clients find nothing meanwhile."""
SILENT_S = 5.0
"""A server that accepts connections and gives no answer counts as live for this time."""


logger = structlog.get_logger()


class Registration:
    """The entries of one cluster, as one of its servers or the command line keeps them. For one thread."""

    def __init__(self, settings: Settings, cluster_id: str, role: str = "") -> None:
        """``role``: the server whose entry ``ensure_registered`` writes."""
        self._settings = settings
        self._id = cluster_id
        self._role = role
        self._silent_since: dict[Registered, float] = {}  # entry -> when it first gave no answer
        self.conflict = ""
        """Why clients do not find this server, in a sentence for people; empty if they do. As of the last call."""
        self.retries = Retries("not registered", log_after_s=TAKEOVER_S, name_server=str(settings.name_server))

    @functools.cached_property
    def _on_this_machine(self) -> Mapping[str, bool]:
        """Which servers run on this machine, where all have the same settings."""
        return {name: is_here(self._settings.host_of(name)) for name in NAMES}

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Keep the entry of this server, also after the name server starts again, until ``go_on()`` is false."""
        watch = NameServerWatch(self._settings.name_server)
        while go_on():
            pause_s = REGISTER_PAUSE_S
            try:
                if self.ensure_registered():
                    address = self._settings.public_address_of(self._role)
                    logger.info("registered", name_server=str(self._settings.name_server), address=str(address))
            except TicTacToeError as error:
                self.retries.failed(error)
                if isinstance(error, Unreachable):
                    pause_s = REGISTER_AGAIN_S
            else:
                self.retries.succeeded()
            watch.wait(pause_s, pause)
        watch.close()

    def ensure_registered(self) -> bool:
        """Keep the entry of this server in the name server. Return whether it had to be written.

        Raises NotReady while another cluster has the names, and Unreachable.
        """
        found = self._entries()
        own = Registered(self._settings.public_address_of(self._role), self._id)
        registered = found.get(self._role)
        self.conflict = self._conflict(found)
        if self.conflict:
            if registered is not None and registered.address == own.address:
                rpc.remove(self._settings.name_server, self._role, registered, timeout_s=CALL_TIMEOUT_S)
            raise NotReady(self.conflict)
        if registered == own:
            return False
        return rpc.register(
            self._settings.name_server, self._role, own, instead_of=registered, timeout_s=CALL_TIMEOUT_S
        )

    def find_conflict(self) -> str:
        """Return the sentence about another cluster with the names, as in ``conflict``. Raises Unreachable."""
        return self._conflict(self._entries())

    @property
    def is_undecided(self) -> bool:
        """Whether a server gave no answer in the last look, so that a later look may find it dead."""
        return any(time.monotonic() - since < SILENT_S for since in self._silent_since.values())

    def withdraw(self) -> None:
        """Remove all entries of this cluster. Raises Unreachable."""
        for name, entry in self._entries().items():
            if self._is_ours(name, entry):
                rpc.remove(self._settings.name_server, name, entry, timeout_s=CALL_TIMEOUT_S)

    def _entries(self) -> Mapping[str, Registered]:
        return rpc.entries(self._settings.name_server, NAMES, timeout_s=self._settings.hang_s)

    def _is_ours(self, name: str, entry: Registered) -> bool:
        """Return whether an entry belongs to this cluster.

        On this machine the address decides: a copy of the cluster on other ports has the same id.
        """
        if name == self._role or self._on_this_machine[name]:
            return entry.address == self._settings.public_address_of(name)
        return entry.cluster == self._id  # this machine does not have the public addresses of others

    def _conflict(self, found: Mapping[str, Registered]) -> str:
        ours = [name for name in NAMES if name in found and self._is_ours(name, found[name])]
        others = [name for name in NAMES if name in found and name not in ours]
        alive = [name for name in others if self._is_alive(name, found[name])]
        if not alive:
            return ""
        if ours and NAMES.index(ours[0]) < NAMES.index(alive[0]) and self._role not in alive:
            return ""
        name = self._role if self._role in alive else alive[0]
        address, other = found[name]
        owner = f"cluster {other}" if other else "a cluster of an older version"
        if other == self._id:
            owner = "a cluster with the same key, such as the original of a copied data folder,"
        return (
            f"the name server at {self._settings.name_server} has the {name} of {owner} at {address}, and this is"
            f" cluster {self._id}: each cluster needs a name server of its own (NAME_SERVER_PORT)"
        )

    def _is_alive(self, name: str, entry: Registered) -> bool:
        """Return whether a server answers at that entry, or may still answer."""
        remote = Proxy(entry.address, name)
        try:
            remote.call("describe", timeout_s=CALL_TIMEOUT_S)
        except (Unreachable, NoSuchRoom):
            return False
        except DeadlineExceeded:
            return time.monotonic() - self._silent_since.setdefault(entry, time.monotonic()) < SILENT_S
        except TicTacToeError:
            return True  # it answers, if only that it is full or has another version
        finally:
            remote.close()
        self._silent_since.pop(entry, None)
        return True
