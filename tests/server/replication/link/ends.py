"""Both ends of a replica link on one event loop, and what tests wait for there."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from game.errors import TicTacToeError
from server.replication.link.channel import Channel, initiate
from server.replication.link.link_server import LinkServer
from server.replication.link.place import SOCKET, LinkPlace
from server.replication.link.replica_link import ReplicaLink
from server.runtime.event_loop import EventLoop, LoopHost
from server.runtime.procedures import Procedure
from tests.conditions import PATIENCE_S
from wire.arguments import remote, text
from wire.errors import Unreachable, WrongMachine
from wire.later import Later, failed

Found = TypeVar("Found")

LOOPS = ("asyncio", "uvloop")
KEY = b"the key of a replica link"
MACHINE = "this machine"


class Service:
    """A service with some of the methods of a replica, which notes what it does."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.deferred: list[Later] = []

    @remote(machine=text(longest=64))
    def check_machine(self, machine: str) -> None:
        """Raise WrongMachine unless ``machine`` is ``MACHINE``."""
        self.done.append("check_machine")
        if machine != MACHINE:
            raise WrongMachine("that is another machine")

    @remote(what=text(longest=1 << 30))
    def forget(self, what: str) -> Any:
        """Answer at once; or later, or never, or with an error, if ``what`` asks for that."""
        self.done.append(what if len(what) < 100 else "much")
        if what == "later":
            self.deferred.append(Later())
            return self.deferred[-1]
        if what == "fail":
            raise TicTacToeError("failed")
        if what == "break":
            raise ZeroDivisionError
        if what == "big":
            return "x" * (1 << 20)
        if what == "unsendable":
            return object()
        return f"done: {what}"


class Ends:
    """A loop with a link server and links to it."""

    def __init__(self, kind: str, folder: Path) -> None:
        if kind == "uvloop":
            pytest.importorskip("uvloop")
        self.failures: list[object] = []
        self.event_loop = EventLoop(kind, lambda why, error: self.failures.append((why, error)))
        self.loop = self.event_loop.loop
        self.folder = folder
        self.place = LinkPlace(folder)
        self.service: Any = Service()
        self.wrong: list[str] = []
        self.answered: list[tuple[object, str | None]] = []
        self.server = self.make_server()
        self.at_peer_port: Callable[[], Later] = lambda: failed(Unreachable("nothing listens there"))
        """What the links find at the peer port."""
        self._links: list[ReplicaLink] = []

    def make_server(self, key: bytes = KEY) -> LinkServer:
        host = LoopHost(self.event_loop)
        return LinkServer(
            self.loop,
            self.place,
            key,
            self.service,
            run=lambda effects: Procedure(effects, host).begin(),
            answered=lambda method, code, _took_s: self.answered.append((method, code)),
        )

    def link(self, *, key: bytes = KEY, machine: str = MACHINE, timeout_s: float = PATIENCE_S) -> ReplicaLink:
        link = ReplicaLink(
            self.loop,
            self.place,
            key,
            timeout_s=timeout_s,
            machine=machine,
            ask_peer_port=self.at_peer_port,
            on_wrong_machine=self.wrong.append,
        )
        self._links.append(link)
        return link

    def until(self, condition: Callable[[], Found], *, timeout_s: float = PATIENCE_S) -> Found:
        """Run the loop until the condition holds, and return what it gave."""

        async def wait() -> Found:
            while not (found := condition()):
                await asyncio.sleep(0.001)
            return found

        return self.loop.run_until_complete(asyncio.wait_for(wait(), timeout_s))

    def result(self, later: Later) -> Any:
        """Run the loop until there is an answer; return it, or raise the error in its place."""
        self.until(lambda: later.settled)
        if later.error is not None:
            raise later.error
        return later.value

    def turns(self, count: int = 5) -> None:
        """Let the loop do what is ready."""

        async def wait() -> None:
            for _ in range(count):
                await asyncio.sleep(0)

        self.loop.run_until_complete(wait())

    @contextlib.contextmanager
    def raw(self) -> Iterator[socket.socket]:
        """Provide a connection to the server, without a handshake."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(self.folder / SOCKET))
            sock.setblocking(False)
            yield sock

    @contextlib.contextmanager
    def authentic(self) -> Iterator[tuple[socket.socket, Channel]]:
        """Provide a connection to the server after the handshake, and its end here."""
        with self.raw() as sock:
            channel = Channel(initiate, KEY, sock.sendall)

            def is_open() -> bool:
                with contextlib.suppress(BlockingIOError):
                    channel.feed(sock.recv(1000))
                content = channel.next()
                return content is not None and channel.greet(content)

            self.until(is_open)
            yield sock, channel

    def ends(self, sock: socket.socket) -> bool:
        """Run the loop until the other end closes this connection. What comes before is dropped."""

        def is_closed() -> bool:
            try:
                return sock.recv(1 << 16) == b""
            except BlockingIOError:
                return False
            except ConnectionResetError:
                return True

        return self.until(is_closed)

    @property
    def connections(self) -> int:
        """The number of the server's connections."""
        return len(self.server._limits)

    def close_server(self) -> None:
        """Close the server's socket and connections, as its end would."""
        self.server._open.close()

    def close_link(self, link: ReplicaLink) -> None:
        """Close the link's connection, as the end of the main server would."""
        link.fail(Unreachable("the main server ended"))

    def close(self) -> None:
        for link in self._links:
            self.close_link(link)
        self.close_server()
        self.until(lambda: self.connections == 0)
        self.turns()
        self.loop.close()
        assert self.failures == []
