"""Cutting ports off where there is no network of one's own: whoever calls a server goes through a proxy in here.

A server listens on 127.0.0.1, as always, but all are told ``HOST``, another loopback address; there a proxy listens on
the same port and carries the bytes on. What is cut is held back, also the end of a connection, and comes through once
it is mended, as with a router that fails for a while. The name server has no proxy: it listens where it is looked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import Counter

from server.settings import Settings
from verify.testbed.network_namespace import Direction, Way, ways

HOST = "127.0.0.2"
BEHIND = "127.0.0.1"
_CHUNK = 1 << 16


def missing() -> str:
    """Why there can be no detours on this machine, or nothing."""
    try:
        socket.create_server((HOST, 0)).close()
    except OSError as error:
        return f"there is no loopback address {HOST}: {error.strerror}"
    return ""


class TcpProxies:
    """The proxies of some ports; the same may be cut several times and is whole once all are undone."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="detours", daemon=True)
        self._cut: Counter[tuple[int, Way]] = Counter()
        self._open: dict[tuple[int, Way], asyncio.Event] = {}

    def __enter__(self) -> TcpProxies:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(_end_all_tasks(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def listen(self, settings: Settings) -> None:
        """Carry what comes to the three servers. Raises OSError when a port is taken."""
        for port in settings.server_ports:
            asyncio.run_coroutine_threadsafe(self._listen(port), self._loop).result()

    def cut(self, port: int, direction: Direction) -> bool:
        """Cut a port off; false for one that has no proxy."""
        for way in ways(direction):
            self._cut[port, way] += 1
            self._set(port, way)
        return (port, "in") in self._open

    def mend(self, port: int, direction: Direction) -> None:
        """Undo ``cut`` once."""
        for way in ways(direction):
            self._cut[port, way] -= 1
            self._set(port, way)

    def _set(self, port: int, way: Way) -> None:
        gate = self._open.get((port, way))
        if gate is not None:
            self._loop.call_soon_threadsafe(gate.clear if self._cut[port, way] else gate.set)

    # -- in the loop ----------------------------------------------------------------------------------------------

    async def _listen(self, port: int) -> None:
        for way in ways("both"):
            self._open[port, way] = asyncio.Event()
            self._open[port, way].set()
        await asyncio.start_server(lambda reader, writer: self._connected(port, reader, writer), HOST, port)

    async def _connected(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inwards, outwards = self._open[port, "in"], self._open[port, "out"]
        await inwards.wait()
        try:
            from_server, to_server = await asyncio.open_connection(BEHIND, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_carry(reader, to_server, inwards), _carry(from_server, writer, outwards))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
    """Carry one direction of a connection to its end, and that on, too."""
    with contextlib.suppress(ConnectionError):  # it broke instead of ending: the other side sees it end
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
