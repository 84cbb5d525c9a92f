"""Offering objects on a port."""

from __future__ import annotations

import time
from collections.abc import Callable

from wire.errors import Unreachable
from wire.rpc.calls import Address
from wire.rpc.daemon import Daemon


class Endpoint:
    """A port on which objects are offered; with a key, only callers that have the same key are understood."""

    def __init__(self, bind: Address, *, key: bytes | None = None, most_of_host: int | None = None) -> None:
        """``most_of_host``: how many of the connections one host may have; by default all. Raises Unreachable."""
        try:
            self._daemon = Daemon(bind, key, most_of_host)
        except OSError as error:
            raise Unreachable(f"cannot listen on {bind}: {error.strerror or error}") from None
        self._moved_at: float | None = None

    @property
    def port(self) -> int:
        """The port in use; the one asked for, or the system's choice if that was 0."""
        return int(self._daemon.locationStr.rpartition(":")[2])

    def offer(self, name: str, remote_object: object) -> None:
        """Make the object callable under that name; an object of that name before it is replaced."""
        self._daemon.objectsById[name] = remote_object

    def withdraw(self, name: str) -> None:
        """Make the object of that name unknown; no error if there is none."""
        self._daemon.objectsById.pop(name, None)

    def serve(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Take connections until ``go_on()`` is false or ``close`` is called; looked at every ACCEPT_PAUSE_S."""

        def moved() -> bool:
            self._moved_at = time.monotonic()
            return go_on()

        self._daemon.requestLoop(moved)

    @property
    def idle_s(self) -> float:
        """Seconds since the accept loop last came round: far above ACCEPT_PAUSE_S means that it is stuck. None have
        passed before it begins.
        """
        return 0.0 if self._moved_at is None else time.monotonic() - self._moved_at

    def close(self) -> None:
        """Take no connection any more and break those that are open when the process ends."""
        self._daemon.transportServer.shutting_down = True
        self._daemon.close()
