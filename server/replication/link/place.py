"""Where the replica link is: a Unix socket in a folder of both servers, or a TCP port that a file there names.

TCP is for systems without Unix sockets, and for folders with a path that is too long for the address of such a socket.
The holder of the replication server's lock listens, so a socket file of an earlier process can be replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

from wire.addresses import Address, listen
from wire.atomic_files import replace_file
from wire.errors import StorageFailed, Unreachable
from wire.os_errors import sentence_of

SOCKET = "replica.socket"
PORT = "replica.port"
BACKLOG = 16
_LONGEST_ADDRESS = 103
_LOOPBACK = "127.0.0.1"
_HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")


class LinkPlace:
    """The place of the link in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder.absolute() / SOCKET
        self._new_socket = folder.absolute() / f"{SOCKET}.new"
        self._is_unix = _HAS_UNIX_SOCKETS and len(os.fsencode(self._new_socket)) <= _LONGEST_ADDRESS
        """Whether the link is a Unix socket. Otherwise it is a TCP port on this machine."""

    def listen(self) -> socket.socket:
        """Return a listening socket. It replaces that of an earlier process. Raises StorageFailed."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with contextlib.ExitStack() as on_failure:
                if self._is_unix:
                    self._new_socket.unlink(missing_ok=True)
                    listening = on_failure.enter_context(socket.socket(socket.AF_UNIX))
                    listening.bind(str(self._new_socket))
                    self._new_socket.chmod(0o600)  # before ``listen``: until then nothing can connect
                    listening.listen(BACKLOG)
                    self._new_socket.replace(self._socket)
                else:
                    listening = on_failure.enter_context(listen(Address(_LOOPBACK, 0), backlog=BACKLOG))
                    replace_file(self._folder / PORT, str(listening.getsockname()[1]), mode=0o600)
                on_failure.pop_all()
                return listening
        except OSError as error:
            raise StorageFailed(f"the replica link cannot be opened: {sentence_of(error)}") from None

    async def connect(self, loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect that protocol to the listener. Raises Unreachable."""
        try:
            if self._is_unix:
                await loop.create_unix_connection(protocol, str(self._socket))
            else:
                await loop.create_connection(protocol, _LOOPBACK, self._port())
        except (OSError, ValueError, OverflowError) as error:
            raise Unreachable(f"the replication server does not answer on the replica link: {error}") from None

    def is_open(self) -> bool:
        """Return whether a process listens here. It may wait for a second."""
        try:
            with socket.socket(socket.AF_UNIX if self._is_unix else socket.AF_INET) as sock:
                sock.settimeout(1.0)
                sock.connect(str(self._socket) if self._is_unix else (_LOOPBACK, self._port()))
        except (OSError, ValueError, OverflowError):
            return False
        return True

    def _port(self) -> int:
        return int((self._folder / PORT).read_text())
