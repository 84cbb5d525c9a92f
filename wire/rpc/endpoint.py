"""An endpoint: a port with remote objects."""

from __future__ import annotations

import time
from collections.abc import Callable

from wire.addresses import Address
from wire.errors import Unreachable
from wire.rpc.daemon import Answered, Daemon


class Endpoint:
    """A port that offers remote objects. With a key, it accepts only clients that have the same key."""

    def __init__(
        self,
        bind: Address,
        *,
        key: bytes | None = None,
        most_of_host: int | None = None,
        answered: Answered | None = None,
    ) -> None:
        """Listen. Raises Unreachable.

        ``most_of_host``: the most connections from one host; by default no separate limit. ``answered`` is called for
        every answer, from many threads.
        """
        try:
            self._daemon = Daemon(bind, key, most_of_host, answered)
        except OSError as error:
            raise Unreachable(f"cannot listen on {bind}: {error.strerror or error}") from None

    @property
    def port(self) -> int:
        """Return the port in use. If the requested port was 0, the system chose it."""
        return int(self._daemon.locationStr.rpartition(":")[2])

    @property
    def connections(self) -> int:
        """Return the number of open connections."""
        return len(self._daemon.limits)

    def offer(self, name: str, remote_object: object) -> None:
        """Make the object callable under ``name``. Replaces an earlier object of that name."""
        self._daemon.objectsById[name] = remote_object

    def withdraw(self, name: str) -> None:
        """Remove the object of that name; no error if there is none."""
        self._daemon.objectsById.pop(name, None)

    def serve(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Serve connections until ``go_on()`` is false or ``close`` is called.

        ``go_on`` is checked every LOOK_AGAIN_S seconds.
        """
        self._daemon.requestLoop(go_on)

    @property
    def idle_s(self) -> float:
        """Return the seconds since a thread last polled the connections; 0 before the endpoint starts.

        A working endpoint polls at least every SWEEP_S seconds. A far larger value means that it is stuck.
        """
        polled_at = self._daemon.transportServer.polled_at
        return 0.0 if polled_at is None else time.monotonic() - polled_at

    def close(self) -> None:
        """Accept no more connections and close the open ones."""
        self._daemon.transportServer.close()
