"""How a heartbeat is taken, from one of our servers and from the name server; whose is taken, ``supervisor`` knows."""

from __future__ import annotations

import threading
from typing import NamedTuple, Protocol

from server.runtime.security import peer_key
from server.supervision.run_file import RunFile
from wire import PEER
from wire.rpc import Address, Proxy


class HeartbeatAnswer(NamedTuple):
    """A heartbeat: who answered, or None if that cannot be told, whether it does its work already, and whether what it
    keeps has to be mended.
    """

    who: RunFile | None
    serving: bool
    damaged: bool = False


class Heartbeat(Protocol):
    """How a heartbeat is taken."""

    def beat(self, wait_s: float, timeout_s: float) -> HeartbeatAnswer:
        """Wait for one heartbeat. Raises a TicTacToeError without one."""

    def close(self) -> None:
        """Begin anew with the next one."""


class PeerHeartbeat:
    """The heartbeat of one of our servers."""

    def __init__(self, role: str, address: Address, key: bytes) -> None:
        """``key``: the cluster's."""
        self._role = role
        self._remote = Proxy(address, PEER, key=peer_key(key, role))
        self._settled = False

    def beat(self, wait_s: float, timeout_s: float) -> HeartbeatAnswer:
        answer = self._remote.call("beat", wait_s if self._settled else 0.0, timeout_s=wait_s + timeout_s)
        self._settled = answer["serving"]
        who = RunFile.from_plain({**answer, "role": self._role})
        return HeartbeatAnswer(who, answer["serving"], answer.get("damaged", False))

    def close(self) -> None:
        self._settled = False
        self._remote.close()


class NameServerHeartbeat:
    """The heartbeat of the name server, which knows nothing of us: it answers a ping."""

    def __init__(self, address: Address, gone: threading.Event) -> None:
        self._remote = Proxy(address, "Pyro.NameServer", serializer="serpent")
        self._gone = gone

    def beat(self, wait_s: float, timeout_s: float) -> HeartbeatAnswer:
        self._remote.call("ping", timeout_s=timeout_s)
        self._gone.wait(wait_s)
        return HeartbeatAnswer(None, serving=True)

    def close(self) -> None:
        self._remote.close()
