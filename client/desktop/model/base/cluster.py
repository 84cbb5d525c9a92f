"""The cluster view: the four processes, the last takeovers, and kills on request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from client.cluster import Cluster
from client.desktop.model.base.background import Background
from client.desktop.model.base.local_servers import CannotDo, LocalServers, OpenLocalServers, control_of
from client.texts import cluster as texts
from client.texts.phrases import sentence
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.errors import TicTacToeError

LOOK_AGAIN_S = 0.25
ASK_S = 2.5
ORDER = (NAME_SERVER, MAIN, COMMUNICATION, REPLICATION)


@dataclass(frozen=True)
class Server:
    """A server of the cluster. ``state`` is "running", "silent", "stopped" or "unknown"."""

    role: str
    state: str = "unknown"
    pid: int | None = None
    epoch: int | None = None
    up_s: float | None = None
    rooms: int | None = None
    step: str | None = None
    note: str = ""

    @property
    def facts(self) -> list[str]:
        """Facts about the server, each in a few words."""
        if self.state != "running":
            return [self.note] if self.note else []
        return texts.facts(pid=self.pid, up_s=self.up_s, epoch=self.epoch, rooms=self.rooms)

    @property
    def is_well(self) -> bool:
        """Whether it runs and, if it is the main server, its replica is in sync."""
        return self.state == "running" and (self.role != MAIN or self.step == "in step")

    @property
    def word(self) -> str:
        """The state in a word. For a running main server: the state of its replica."""
        if self.role == MAIN and self.state == "running" and self.step:
            return texts.SYNC_STATES.get(self.step, self.step)
        return self.state


@dataclass(frozen=True)
class Takeover:
    """A server that died and was replaced: how long ago, and how long the replacement took."""

    role: str
    ago_s: float
    took_s: float

    @property
    def text(self) -> str:
        """The takeover as a line."""
        return texts.takeover(self.role, ago_s=self.ago_s, took_s=self.took_s)


_Snapshot = tuple[Mapping[str, Any], LocalServers | None]
"""An answer, and the control of the servers if they are on this machine."""


class ClusterModel:
    """The cluster view while it is open."""

    def __init__(self, cluster: Cluster, server: str, background: Background, open_servers: OpenLocalServers | None):
        """``open_servers`` makes the control of this machine's cluster, if there is one."""
        self.servers: Sequence[Server] = [Server(role) for role in ORDER]
        self.takeovers: Sequence[Takeover] = ()
        self._outcome = ""
        self._silence = ""
        self._cluster = cluster
        self._server = server
        self._background = background
        self._open_servers = open_servers
        self._control: LocalServers | None = None
        self._task = background.follow(self._snapshots, self._seen, self._failed)

    @property
    def can_kill(self) -> bool:
        """Whether the cluster runs on this machine."""
        return self._control is not None

    @property
    def message(self) -> str:
        """Why nothing is known, otherwise the result of the last kill; empty if there was none."""
        return self._silence or self._outcome

    def kill(self, role: str) -> None:
        """End a server with SIGKILL."""
        control = self._control
        if control is None:
            return

        def work(_: Event) -> str:
            try:
                return texts.killed(role, control.kill(role))
            except CannotDo as error:
                return sentence(str(error))

        def then(words: str) -> None:
            self._outcome = words

        self._background.run(work, then)

    def stop(self) -> None:
        """Stop the background work."""
        self._task.stop()

    def _snapshots(self, stop: Event) -> Iterator[_Snapshot]:
        control = control_of(self._server, self._open_servers)  # without it the front door answers
        while not stop.is_set():
            if control is not None and control.runs_here():
                yield control.snapshot(), control
            else:
                yield self._cluster.ask("servers", deadline_s=ASK_S), None
            stop.wait(LOOK_AGAIN_S)

    def _seen(self, snapshot: _Snapshot) -> None:
        answer, self._control = snapshot
        now = answer["now"]
        found = {plain["role"]: _server(plain, now) for plain in answer["servers"]}
        self.servers = [found.get(role, Server(role)) for role in ORDER]
        self.takeovers = [
            Takeover(plain["role"], now - plain["at"] - plain["took_s"], plain["took_s"])
            for plain in answer["recoveries"]
            if plain["role"] in ORDER
        ]
        self._silence = ""

    def _failed(self, error: TicTacToeError) -> bool:
        self.servers = [Server(role) for role in ORDER]
        self._silence = texts.unknown(error.message)
        return True


def _server(plain: Mapping[str, Any], now: float) -> Server:
    started_at = plain["started_at"]
    up_s = None if started_at is None else now - started_at
    named = {name: plain[name] for name in ("role", "state", "pid", "epoch", "rooms", "step", "note")}
    return Server(up_s=up_s, **named)
