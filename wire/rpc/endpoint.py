"""Offering objects on a port."""

from __future__ import annotations

import time
from collections.abc import Callable

from wire.addresses import Address
from wire.errors import Unreachable
from wire.rpc.daemon import Answered, Daemon


class Endpoint:
    """A port on which objects are offered; with a key, only callers that have the same key are understood."""

    def __init__(
        self,
        bind: Address,
        *,
        key: bytes | None = None,
        most_of_host: int | None = None,
        answered: Answered | None = None,
    ) -> None:
        """``most_of_host``: how many of the connections one host may have; by default all. ``answered`` is told of
        every answer, from many threads. Raises Unreachable.
        """
        try:
            self._daemon = Daemon(bind, key, most_of_host, answered)
        except OSError as error:
            raise Unreachable(f"cannot listen on {bind}: {error.strerror or error}") from None

    @property
    def port(self) -> int:
        """The port in use; the one asked for, or the system's choice if that was 0."""
        return int(self._daemon.locationStr.rpartition(":")[2])

    @property
    def connections(self) -> int:
        """How many are connected."""
        return len(self._daemon.door)

    def offer(self, name: str, remote_object: object) -> None:
        """Make the object callable under that name; an object of that name before it is replaced."""
        self._daemon.objectsById[name] = remote_object

    def withdraw(self, name: str) -> None:
        """Make the object of that name unknown; no error if there is none."""
        self._daemon.objectsById.pop(name, None)

    def serve(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Take connections until ``go_on()`` is false or ``close`` is called; looked at every ACCEPT_PAUSE_S."""
        self._daemon.requestLoop(go_on)

    @property
    def idle_s(self) -> float:
        """Seconds since somebody last waited for what comes: far above ACCEPT_PAUSE_S means that it is stuck. None have
        passed before it begins.
        """
        moved_at = self._daemon.transportServer.moved_at
        return 0.0 if moved_at is None else time.monotonic() - moved_at

    def close(self) -> None:
        """Take no connection any more and break those that are open."""
        self._daemon.transportServer.close()
