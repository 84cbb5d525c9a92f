"""Where the replica link is: a Unix socket in a folder of both servers, or a TCP port that a file there names.

TCP is for systems without Unix sockets. The holder of the replication server's lock listens, so a socket file of an
earlier process can be replaced. The address of a Unix socket has at most 107 bytes. On Linux a longer path is reached
through a descriptor of its folder; elsewhere TCP replaces it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from wire.atomic_files import replace_file
from wire.errors import StorageFailed, Unreachable
from wire.os_errors import sentence_of

SOCKET = "replica.socket"
PORT = "replica.port"
BACKLOG = 16
_NEW = f"{SOCKET}.new"
_LONGEST_ADDRESS = 107
_LOOPBACK = "127.0.0.1"
_HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")


class LinkPlace:
    """The place of the link in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        longest = os.fsencode(folder.absolute() / _NEW)
        self._is_long = len(longest) > _LONGEST_ADDRESS
        self.has_socket_file = _HAS_UNIX_SOCKETS and (not self._is_long or sys.platform == "linux")
        """Whether the link is a Unix socket. Otherwise it is a TCP port on this machine."""

    def listen(self) -> socket.socket:
        """Return a listening socket, which does not block. It replaces that of an earlier process.

        Raises StorageFailed.
        """
        try:
            return self._listen_at_file() if self.has_socket_file else self._listen_at_port()
        except OSError as error:
            raise StorageFailed(f"the replica link cannot be opened: {sentence_of(error)}") from None

    async def connect(self, loop: asyncio.AbstractEventLoop) -> socket.socket:
        """Return a socket that is connected to the listener. Raises Unreachable."""
        try:
            if self.has_socket_file:
                return self._connected_to_file()
            with _closed_on_failure(socket.AF_INET) as sock:
                await loop.sock_connect(sock, (_LOOPBACK, self._port()))
                return sock
        except (OSError, ValueError, OverflowError) as error:
            raise Unreachable(f"the replication server does not answer on the replica link: {error}") from None

    def is_open(self) -> bool:
        """Return whether a process listens here. On a system without Unix sockets it may wait for a second."""
        try:
            if self.has_socket_file:
                self._connected_to_file().close()
            else:
                socket.create_connection((_LOOPBACK, self._port()), timeout=1.0).close()
        except (OSError, ValueError, OverflowError):
            return False
        return True

    def _connected_to_file(self) -> socket.socket:
        with _closed_on_failure(socket.AF_UNIX) as sock, self._address(SOCKET) as address:
            sock.connect(address)  # returns at once: connected, refused, or the listener's queue is full
            return sock

    def _port(self) -> int:
        return int((self._folder / PORT).read_text())

    def _listen_at_file(self) -> socket.socket:
        self._folder.mkdir(parents=True, exist_ok=True)
        new = self._folder / _NEW
        new.unlink(missing_ok=True)
        with _closed_on_failure(socket.AF_UNIX) as sock:
            with self._address(_NEW) as address:
                sock.bind(address)
            new.chmod(0o600)  # before ``listen``: until then nothing can connect
            sock.listen(BACKLOG)
            new.replace(self._folder / SOCKET)
            return sock

    def _listen_at_port(self) -> socket.socket:
        self._folder.mkdir(parents=True, exist_ok=True)
        with _closed_on_failure(socket.AF_INET) as sock:
            sock.bind((_LOOPBACK, 0))
            sock.listen(BACKLOG)
            replace_file(self._folder / PORT, str(sock.getsockname()[1]), mode=0o600)
            return sock

    @contextlib.contextmanager
    def _address(self, name: str) -> Iterator[str]:
        """Provide the address of a socket file in the folder."""
        if not self._is_long:
            yield str(self._folder / name)
            return
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{folder}/{name}"
        finally:
            os.close(folder)


@contextlib.contextmanager
def _closed_on_failure(family: int) -> Iterator[socket.socket]:
    """Provide a new socket that does not block. It is closed if the block fails."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        yield sock
    except BaseException:
        sock.close()
        raise
