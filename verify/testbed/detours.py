"""Cuts servers off from their callers: every connection to a server goes through a proxy in this process.

The servers listen at their ports. ``faulty_python`` makes other processes connect to the proxies instead. The replica
link is different, because an event loop connects it without Python: the replication server listens elsewhere, and the
proxy is in its place. This process itself connects to the servers.

A cut holds traffic back, also the end of a connection, until it is undone, like a router that fails for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Literal

from server.replication.link.place import SOCKET
from server.settings import Settings
from verify.testbed.clock_skew import PATH
from wire.atomic_files import replace_file

Way = Literal["in", "out"]
Direction = Literal[Way, "both"]
Listener = int | str
"""A TCP port, or the file name of a Unix socket."""
REPLICA_LINK: Listener = SOCKET
HOST = "127.0.0.1"
_CHUNK = 1 << 16
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Detours:
    """The proxies of a cluster. A listener may be cut several times; it is open again when all cuts are undone."""

    def __init__(self, folder: Path) -> None:
        """``folder``: where the addresses of the proxies and their Unix sockets are stored."""
        self._folder = folder
        self._file = folder / "detours"
        self.environment = {**PATH, "DETOURS": str(self._file)}
        """The environment of processes that connect to the proxies."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="detours", daemon=True)
        # By listener and way: the number of cuts that are not undone.
        self._cut: Counter[tuple[Listener, Way]] = Counter()
        # By listener and way: set while traffic may pass. Only listeners with a proxy are here.
        self._open: dict[tuple[Listener, Way], asyncio.Event] = {}

    def __enter__(self) -> Detours:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(_end_all_tasks(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def listen(self, settings: Settings) -> None:
        """Start the proxies of the three servers, their replica link, and the name server."""
        asyncio.run_coroutine_threadsafe(self._listen(settings), self._loop).result()

    def cut(self, listeners: Iterable[Listener], direction: Direction) -> None:
        """Cut listeners off."""
        self._count(listeners, direction, 1)

    def mend(self, listeners: Iterable[Listener], direction: Direction) -> None:
        """Undo ``cut`` once."""
        self._count(listeners, direction, -1)

    def _count(self, listeners: Iterable[Listener], direction: Direction, more: int) -> None:
        for gate in ((listener, way) for listener in listeners for way in _ways(direction)):
            self._cut[gate] += more
            if event := self._open.get(gate):
                self._loop.call_soon_threadsafe(event.clear if self._cut[gate] else event.set)

    # -- in the event loop ----------------------------------------------------------------------------------------

    async def _listen(self, settings: Settings) -> None:
        link, detours = self._folder / "link", list[str]()
        with contextlib.suppress(OSError):  # the path is too long, also for the link: that is then another port
            await asyncio.start_unix_server(
                self._proxy(REPLICA_LINK, lambda: asyncio.open_unix_connection(link)), f"{link}.proxy"
            )
            detours.append(f"{SOCKET}.new {link}")
        for port in (*settings.server_ports, settings.name_server_port):
            connect = functools.partial(asyncio.open_connection, HOST, port)
            server = await asyncio.start_server(self._proxy(port, connect), HOST, 0)
            detours.append(f"{port} {server.sockets[0].getsockname()[1]}")
        replace_file(self._file, "\n".join(detours))

    def _proxy(self, listener: Listener, connect: Callable[[], Awaitable[_Streams]]) -> Callable[..., Awaitable[None]]:
        """Return what a proxy does with a connection. ``connect`` connects to the listener."""
        inwards, outwards = (self._open.setdefault((listener, way), asyncio.Event()) for way in _ways("both"))
        inwards.set()
        outwards.set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await inwards.wait()
            try:
                from_server, to_server = await connect()
            except OSError:
                writer.close()
                return
            await asyncio.gather(_carry(reader, to_server, inwards), _carry(from_server, writer, outwards))

        return connected


def _ways(direction: Direction) -> tuple[Way, ...]:
    return ("in", "out") if direction == "both" else (direction,)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
    """Forward one direction of a connection up to its end, and then the end as well."""
    with contextlib.suppress(ConnectionError):  # a broken connection: the other side sees an end
        while chunk := await reader.read(_CHUNK):
            await gate.wait()
            writer.write(chunk)
            await writer.drain()
    await gate.wait()
    writer.close()


async def _end_all_tasks() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
