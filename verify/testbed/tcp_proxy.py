"""Cuts ports off without a network namespace: all traffic to the servers goes through proxies in this process.

A server listens on 127.0.0.1, as always. Clients and peers get ``HOST``, another loopback address. A proxy listens
there on the same port and forwards the bytes.

A cut holds traffic back, also the end of a connection, until it is undone, like a router that fails for a while. The
name server has no proxy: it listens at the address that clients use.
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
    """Return why proxies are not possible on this machine, or ""."""
    try:
        socket.create_server((HOST, 0)).close()
    except OSError as error:
        return f"there is no loopback address {HOST}: {error.strerror}"
    return ""


class TcpProxies:
    """The proxies of some ports. A port may be cut several times; it is open again when all cuts are undone."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="detours", daemon=True)
        # By port and way: the number of cuts that are not undone.
        self._cut: Counter[tuple[int, Way]] = Counter()
        # By port and way: set while traffic may pass. Only ports with a proxy are here.
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
        """Start the proxies of the three servers. Raises OSError when a port is taken."""
        for port in settings.server_ports:
            asyncio.run_coroutine_threadsafe(self._listen(port), self._loop).result()

    def cut(self, port: int, direction: Direction) -> bool:
        """Cut a port off. Return False for a port without a proxy."""
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

    # -- in the event loop ----------------------------------------------------------------------------------------

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
