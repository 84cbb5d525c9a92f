"""A connection to a remote object that outlives the server process: every call is retried until its deadline.

Safe for threads. Calls on one connection queue up, so a long poll (``watch``) needs a connection of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from client.retry import Attempts, is_retryable
from wire.errors import DeadlineExceeded, TicTacToeError
from wire.rpc import Address, Proxy

OnLink = Callable[[bool], None]
"""Called with the first result of the connection, and with each change: True if it works, False if it fails.

The thread that makes the call runs it.
"""

LOOK_AGAIN_S = 1.0
"""After failing for this many seconds, look up the object again: it may have moved."""
ATTEMPT_S = 5.0


class RetryPolicy(NamedTuple):
    """How long a call retries, and how long an attempt waits for its answer, in seconds."""

    deadline_s: float
    attempt_s: float = ATTEMPT_S


class ObjectAddress(NamedTuple):
    """The address and name of a remote object."""

    address: Address
    name: str


class RetryingConnection:
    """Calls to a remote object, at its current address."""

    def __init__(
        self,
        find: Callable[[], ObjectAddress],
        *,
        target: ObjectAddress | None = None,
        retry_policy: RetryPolicy,
        on_link: OnLink = lambda _: None,
    ) -> None:
        """``find`` returns the object's address.

        It is called before the first attempt unless ``target`` is given, and when calls keep failing. It must be quick,
        because the next attempt waits for it.
        """
        self._find = find
        self._retry_policy = retry_policy
        # Held during a call, so there is one call at a time. It protects the fields below.
        self._lock = threading.Lock()
        self._target = target
        self._remote: Proxy | None = None
        # Start of the current failures of this call, by ``time.monotonic``; None while no attempt of it has failed.
        self._failing_since: float | None = None
        self._looked_up_at = 0.0
        self._on_link = on_link
        # The last value passed to ``on_link``; None before the first.
        self._reported: bool | None = None

    def call(
        self,
        method: str,
        *arguments: object,
        again: tuple[object, ...] | None = None,
        named: Mapping[str, object] = MappingProxyType({}),
        extra_s: float = 0.0,
        deadline_s: float | None = None,
    ) -> Any:
        """Call until there is an answer.

        ``extra_s``: how many seconds longer than usual the answer may take. ``again``: the arguments of all attempts
        after the first, if they differ. A long poll retries with a wait of 0, so that the caller sees at once that the
        servers are back. ``named``: arguments that are passed by name, which a server of an older version ignores.

        Raises what the method raises. When ``deadline_s`` has passed, raises DeadlineExceeded if an attempt may have
        been carried out, else the last attempt's NotReady or Busy.
        """
        limit_s = (self._retry_policy.deadline_s if deadline_s is None else deadline_s) + extra_s
        if not self._lock.acquire(timeout=limit_s):
            raise DeadlineExceeded(f"no answer within {limit_s:g} s: another call on this connection still waits")
        try:
            return self._until_answered(
                method, arguments, again, named, Attempts(limit_s, attempt_s=self._retry_policy.attempt_s + extra_s)
            )
        finally:
            self._lock.release()

    def _until_answered(
        self,
        method: str,
        arguments: tuple[object, ...],
        again: tuple[object, ...] | None,
        named: Mapping[str, object],
        attempts: Attempts,
    ) -> Any:
        self._failing_since = None
        while True:
            try:
                answer = self._connected().call(method, *arguments, timeout_s=attempts.timeout_s(), named=named)
            except TicTacToeError as error:
                self._report(not is_retryable(error))
                pause_s = attempts.pause_after(error)
            else:
                self._report(True)
                return answer
            self._failed()
            time.sleep(pause_s)
            arguments = arguments if again is None else again

    def _report(self, answered: bool) -> None:
        if answered is not self._reported:
            self._reported = answered
            self._on_link(answered)

    def close(self) -> None:
        """Close the connection. If a call is in progress in another thread, the connection stays open."""
        if self._lock.acquire(blocking=False):
            try:
                self._forget()
            finally:
                self._lock.release()

    def _connected(self) -> Proxy:
        if self._remote is None:
            self._target = self._target or self._find()
            self._remote = Proxy(self._target.address, self._target.name)
        return self._remote

    def _failed(self) -> None:
        now = time.monotonic()
        if self._remote is not None:
            self._remote.close()
        if self._failing_since is None:
            self._failing_since = now  # from here on: idle time before it does not show that the object has moved
        if self._target is None or now - max(self._failing_since, self._looked_up_at) < LOOK_AGAIN_S:
            return
        try:
            found = self._find()
        except TicTacToeError:
            return  # no newer address: continue with the old address
        finally:
            self._looked_up_at = time.monotonic()
        if found != self._target:
            self._forget()
            self._target = found

    def _forget(self) -> None:
        if self._remote is not None:
            self._remote.close()
        self._remote = None
