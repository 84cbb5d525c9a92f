"""Accepts connections on an event loop, some a turn, and pauses when that is not possible.

A server of ``asyncio`` itself accepts as many connections in one turn as its listen queue has. Without free descriptors
it logs an error for each try, without a pause.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

from wire.addresses import counted_host

logger = logging.getLogger(__name__)

BACKLOG = 1024
"""The length of the listen queue. After a takeover all clients connect at once."""
AT_ONCE = 4
"""The most connections accepted in a turn of the loop.

After a takeover all clients connect at once. With 16 a turn, the first commands wait 20 ms for the other connections.
"""
ACCEPT_AGAIN_S = 0.005
"""Pause in seconds before the next accept while the limits are reached."""
THIS_MACHINE = "this machine"
"""The host by which connections on a Unix socket are counted."""
ACCEPT_PAUSE_S = 0.2
"""Pause in seconds before the next accept after an error of the system, such as a lack of descriptors."""


class Acceptor:
    """Accepts the connections of a listening socket."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        *,
        is_open: Callable[[], bool],
        admit: Callable[[socket.socket, str], None],
    ) -> None:
        """Accept from now on. ``is_open`` returns whether a connection can be accepted now.

        ``admit`` takes an accepted connection, with the host by which it is counted.
        """
        self._listening = listening
        self._is_open = is_open
        self._admit = admit
        self._loop = loop
        self._pause: asyncio.TimerHandle | None = None
        """The end of the present pause; None while accepting is on."""
        listening.setblocking(False)
        self._accept_again()

    def close(self) -> None:
        """Accept no more connections."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            if not self._is_open():
                self._pause_for(ACCEPT_AGAIN_S)
                return
            try:
                sock, address = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                logger.warning("a connection cannot be accepted: %s", error.strerror or error)
                self._pause_for(ACCEPT_PAUSE_S)
                return
            self._admit(sock, counted_host(str(address[0])) if address else THIS_MACHINE)

    def _pause_for(self, seconds: float) -> None:
        """Stop accepting for this many seconds. New connections wait in the listen queue."""
        self._loop.remove_reader(self._listening)
        self._pause = self._loop.call_later(seconds, self._accept_again)

    def _accept_again(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listening, self._accept)
