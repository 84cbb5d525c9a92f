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
    state: str
    pid: int | None
    epoch: int | None
    up_s: float | None
    rooms: int | None
    step: str | None
    note: str

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


@dataclass(frozen=True)
class _Snapshot:
    """An answer, and the control of the servers if they are on this machine."""

    plain: Mapping[str, Any]
    control: LocalServers | None


class ClusterModel:
    """The cluster view while it is open."""

    def __init__(self, cluster: Cluster, server: str, background: Background, open_servers: OpenLocalServers | None):
        """``open_servers`` makes the control of this machine's cluster, if there is one."""
        self.servers: Sequence[Server] = [_unknown(role) for role in ORDER]
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
            yield self._ask(control)
            stop.wait(LOOK_AGAIN_S)

    def _ask(self, control: LocalServers | None) -> _Snapshot:
        if control is not None and control.runs_here():
            return _Snapshot(control.snapshot(), control)
        return _Snapshot(self._cluster.ask("servers", deadline_s=ASK_S), None)

    def _seen(self, snapshot: _Snapshot) -> None:
        now = snapshot.plain["now"]
        found = {plain["role"]: _server(plain, now) for plain in snapshot.plain["servers"]}
        self.servers = [found.get(role, _unknown(role)) for role in ORDER]
        self.takeovers = [
            Takeover(plain["role"], now - plain["at"] - plain["took_s"], plain["took_s"])
            for plain in snapshot.plain["recoveries"]
            if plain["role"] in ORDER
        ]
        self._control = snapshot.control
        self._silence = ""

    def _failed(self, error: TicTacToeError) -> bool:
        self.servers = [_unknown(role) for role in ORDER]
        self._silence = texts.unknown(error.message)
        return True


def _unknown(role: str) -> Server:
    return Server(role, "unknown", None, None, None, None, None, "")


def _server(plain: Mapping[str, Any], now: float) -> Server:
    started_at = plain["started_at"]
    up_s = None if started_at is None else now - started_at
    named = {name: plain[name] for name in ("role", "state", "pid", "epoch", "rooms", "step", "note")}
    return Server(up_s=up_s, **named)
