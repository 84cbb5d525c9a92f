"""Start the servers again from a window on their machine, once none of them runs any more.

While a server runs, it starts the others, so there is nothing to offer. Nothing is offered either if the servers were
not seen on this machine: new servers here would have other data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Event

from client.desktop.model.base.background import Background, Task
from client.desktop.model.base.connection_state import Banner
from client.desktop.model.base.local_servers import LocalServers, OpenLocalServers, control_of, start_servers
from client.texts import connection

LOOK_AGAIN_S = 0.5


class RestartModel:
    """What the banner offers while the servers are unreachable."""

    def __init__(self, server: str, background: Background, open_servers: OpenLocalServers | None) -> None:
        """``server``: the "host:port" that the user is signed in to.

        ``open_servers`` makes the control of this machine's cluster, if there is one.
        """
        self._server = server
        self._background = background
        self._control: LocalServers | None = None
        """The control of the servers; None until they were seen to run on this machine."""
        # True when the last look found none of the servers running. Only then ``start`` does something.
        self._none_left = False
        self._doing = ""
        self._failure = ""
        self._following: Task | None = None
        self._starting = Task()
        self._finding = Task() if open_servers is None else self._find(open_servers)

    def on(self, banner: Banner | None) -> Banner | None:
        """Return the banner, with the action if there is one. Call it whenever the banner is shown."""
        if banner is None or banner.kind != "lost":
            self._reset()
            return banner
        if self._control is not None and self._following is None:
            self._following = self._follow(self._control)
        if self._doing:
            return replace(banner, text=self._doing)
        if not self._none_left:
            return banner
        return replace(banner, text=self._failure or connection.NO_SERVER_RUNS, offers_start=True)

    def start(self) -> None:
        """Start the servers, if the banner offers it."""
        control = self._control
        if control is None or not self._none_left or self._doing:
            return
        self._doing, self._failure = connection.starting(), ""
        self._starting = start_servers(self._background, lambda: control, progress=self._progress, done=self._started)

    def stop(self) -> None:
        """Stop the background work. A start in progress continues."""
        for task in (self._finding, self._following, self._starting):
            if task is not None:
                task.stop()

    # -- internals ----------------------------------------------------------------------------------------------------

    def _find(self, open_servers: OpenLocalServers) -> Task:
        def work(_: Event) -> LocalServers | None:
            control = control_of(self._server, open_servers)
            return control if control is not None and control.runs_here() else None

        def then(control: LocalServers | None) -> None:
            self._control = control

        return self._background.run(work, then)

    def _follow(self, control: LocalServers) -> Task:
        def items(stop: Event) -> Iterator[bool]:
            while not stop.is_set():
                yield not control.runs_here()
                stop.wait(LOOK_AGAIN_S)

        def each(none_left: bool) -> None:
            self._none_left = none_left

        return self._background.follow(items, each)

    def _reset(self) -> None:
        if self._following is not None:
            self._following.stop()
            self._following = None
        self._none_left, self._failure = False, ""

    def _progress(self, text: str) -> None:
        if self._doing:
            self._doing = text

    def _started(self, why_not: str) -> None:
        self._doing = ""
        self._failure = connection.did_not_start(why_not) if why_not else ""
        self._none_left = bool(why_not)
