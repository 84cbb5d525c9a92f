"""The cluster's entries in the name server: kept there, and never put over those of another cluster that lives.

Clients ask the name server for the front door alone, but a cluster has all three names or none: if one of them is
another cluster's, clients would be split between the two. Who has the first of the names, in the order of NAMES, has
them all; the other cluster takes its entries out, says why, and waits. Entries that lead to no living server are
anybody's.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping

from game.errors import NoSuchRoom
from server.runtime.this_machine import is_here
from server.settings import Settings
from wire import COMMUNICATION, MAIN, REPLICATION, rpc
from wire.errors import DeadlineExceeded, NotReady, TicTacToeError, Unreachable
from wire.rpc import Proxy, Registered

NAMES = (COMMUNICATION, MAIN, REPLICATION)
ASK_S = 1.0
SILENT_S = 5.0
"""A server that takes connections and gives no answer is taken for a living one for so long."""


class Registration:
    """The entries of one cluster, as a server of it or the command line sees to them; for one thread."""

    def __init__(self, settings: Settings, cluster_id: str, role: str = "") -> None:
        """``role``: the server that sees to its own entry."""
        self._settings = settings
        self._id = cluster_id
        self._role = role
        self._silent_since: dict[Registered, float] = {}
        self.conflict = ""
        """Why clients do not find this server, in a sentence for people; empty if they do."""

    @functools.cached_property
    def _is_here(self) -> Mapping[str, bool]:
        """Which servers run on this machine, where all have the same settings."""
        return {name: is_here(self._settings.host_of(name)) for name in NAMES}

    def keep(self) -> bool:
        """See to it that the name server knows this server; whether its entry had to be written.

        Raises NotReady while another cluster has the names, and Unreachable.
        """
        found = self._entries()
        mine = Registered(self._settings.public_address_of(self._role), self._id)
        there = found.get(self._role)
        self.conflict = self._conflict(found)
        if self.conflict:
            if there is not None and there.address == mine.address:
                rpc.remove(self._settings.name_server, self._role, there, timeout_s=ASK_S)
            raise NotReady(self.conflict)
        if there == mine:
            return False
        return rpc.register(self._settings.name_server, self._role, mine, instead_of=there, timeout_s=ASK_S)

    def look(self) -> str:
        """Whether another cluster has the names, as ``conflict``. Raises Unreachable."""
        return self._conflict(self._entries())

    @property
    def is_undecided(self) -> bool:
        """Whether a server gave no answer in the last look, and may be found dead in a later one."""
        return any(time.monotonic() - since < SILENT_S for since in self._silent_since.values())

    def withdraw(self) -> None:
        """Take all entries of this cluster out. Raises Unreachable."""
        for name, entry in self._entries().items():
            if self._is_ours(name, entry):
                rpc.remove(self._settings.name_server, name, entry, timeout_s=ASK_S)

    def _entries(self) -> Mapping[str, Registered]:
        return rpc.entries(self._settings.name_server, NAMES, timeout_s=self._settings.hang_s)

    def _is_ours(self, name: str, entry: Registered) -> bool:
        """Whether an entry is of this very cluster: a copy of it, on other ports, has the same id."""
        if name == self._role or self._is_here[name]:
            return entry.address == self._settings.public_address_of(name)
        return entry.cluster == self._id  # what a server on another machine tells clients, only that one knows

    def _conflict(self, found: Mapping[str, Registered]) -> str:
        ours = [name for name in NAMES if name in found and self._is_ours(name, found[name])]
        strangers = [name for name in NAMES if name in found and name not in ours]
        living = [name for name in strangers if self._lives(name, found[name])]
        if not living:
            return ""
        if ours and NAMES.index(ours[0]) < NAMES.index(living[0]) and self._role not in living:
            return ""
        name = self._role if self._role in living else living[0]
        address, other = found[name]
        whose = f"cluster {other}" if other else "a cluster of an older version"
        if other == self._id:
            whose = "a cluster with the same key, such as the original of a copied data folder,"
        return (
            f"the name server at {self._settings.name_server} has the {name} of {whose} at {address}, and this is"
            f" cluster {self._id}: each cluster needs a name server of its own (NAME_SERVER_PORT)"
        )

    def _lives(self, name: str, entry: Registered) -> bool:
        """Whether a server answers there under that name, or may still do so."""
        remote = Proxy(entry.address, name)
        try:
            remote.call("describe", timeout_s=ASK_S)
        except (Unreachable, NoSuchRoom):
            return False
        except DeadlineExceeded:
            return time.monotonic() - self._silent_since.setdefault(entry, time.monotonic()) < SILENT_S
        except TicTacToeError:
            return True  # it answers, if only that it has no room or speaks another version
        finally:
            remote.close()
        self._silent_since.pop(entry, None)
        return True
