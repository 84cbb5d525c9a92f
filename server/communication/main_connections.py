"""The front door's connections to the main server, for calls on behalf of clients."""

from __future__ import annotations

from typing import Any

from wire.errors import DeadlineExceeded, NotReady, Unreachable
from wire.rpc import ProxyPool


class MainConnections:
    """Calls the main server. Thread-safe."""

    def __init__(self, pool: ProxyPool, timeout_s: float) -> None:
        self._pool = pool
        self._timeout_s = timeout_s

    def call(self, method: str, arguments: tuple[Any, ...]) -> Any:
        """Call the main server, and wait for its answer.

        If that fails, try again at once: the connection may be older than a takeover. Every such call may be repeated:
        usernames are identified by their token, rooms by their request id. Raises NotReady, and what the method raises.
        """
        for again in (True, False):
            try:
                return self._pool.call(method, *arguments, timeout_s=self._timeout_s)
            except Unreachable as error:
                if not again or isinstance(error, DeadlineExceeded):
                    break
        raise NotReady("the main server is being replaced: try again")
