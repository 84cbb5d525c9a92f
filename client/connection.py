"""A connection to one remote object that survives the server behind it: every call is tried again until a deadline.

Safe for threads: calls queue up, so what waits long (``watch``) gets a channel of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from client.retry import Tries, worth_another_try
from wire.errors import DeadlineExceeded, TicTacToeError
from wire.rpc import Address, Proxy

OnLink = Callable[[bool], None]
"""Called, by whatever thread makes the call, with True when a call is answered and with False when it has to be tried
again; each only when that is news."""

LOOK_AGAIN_S = 1.0
"""After failing for so long, ask again where the object is: it may have moved."""
ATTEMPT_S = 5.0


class RetryPolicy(NamedTuple):
    """How long a call goes on trying, and after how long without an answer it is made again, in seconds."""

    deadline_s: float
    attempt_s: float = ATTEMPT_S


class ObjectAddress(NamedTuple):
    """Where a remote object is."""

    address: Address
    name: str


class RetryingConnection:
    """Calls to a remote object, wherever it is."""

    def __init__(
        self,
        find: Callable[[], ObjectAddress],
        *,
        place: ObjectAddress | None = None,
        patience: RetryPolicy,
        on_link: OnLink = lambda _: None,
    ) -> None:
        """``find`` says where the object is; it is asked first unless ``place`` is known, and when nobody answers.

        It must not take long: a call that fails waits for it before it tries again.
        """
        self._find = find
        self._patience = patience
        self._lock = threading.Lock()
        self._place = place
        self._remote: Proxy | None = None
        self._failing_since: float | None = None
        self._looked_at = 0.0
        self._on_link = on_link
        self._told: bool | None = None

    def call(
        self,
        method: str,
        *arguments: object,
        again: tuple[object, ...] | None = None,
        extra_s: float = 0.0,
        deadline_s: float | None = None,
    ) -> Any:
        """Call until it is answered. ``extra_s``: how much longer than usual the answer may take. ``again``: arguments
        for further tries, instead of the same; a long wait asks for an answer at once there, so that it is known when
        the servers are back.

        Raises what the method raises, and when ``deadline_s`` has passed DeadlineExceeded, NotReady or Busy.
        """
        limit_s = (self._patience.deadline_s if deadline_s is None else deadline_s) + extra_s
        if not self._lock.acquire(timeout=limit_s):
            raise DeadlineExceeded(f"no answer within {limit_s:g} s: another call on this connection still waits")
        try:
            return self._until_answered(
                method, arguments, again, Tries(limit_s, attempt_s=self._patience.attempt_s + extra_s)
            )
        finally:
            self._lock.release()

    def _until_answered(
        self, method: str, arguments: tuple[object, ...], again: tuple[object, ...] | None, tries: Tries
    ) -> Any:
        self._failing_since = None
        while True:
            try:
                answer = self._connected().call(method, *arguments, timeout_s=tries.timeout_s())
            except TicTacToeError as error:
                self._tell(not worth_another_try(error))
                pause_s = tries.pause_after(error)
            else:
                self._tell(True)
                return answer
            self._failed()
            time.sleep(pause_s)
            arguments = arguments if again is None else again

    def _tell(self, answered: bool) -> None:
        if answered is not self._told:
            self._told = answered
            self._on_link(answered)

    def close(self) -> None:
        """Close the connection. A call that is under way in another thread keeps it until it ends."""
        if self._lock.acquire(blocking=False):
            try:
                self._forget()
            finally:
                self._lock.release()

    def _connected(self) -> Proxy:
        if self._remote is None:
            self._place = self._place or self._find()
            self._remote = Proxy(self._place.address, self._place.name)
        return self._remote

    def _failed(self) -> None:
        now = time.monotonic()
        if self._remote is not None:
            self._remote.close()
        if self._failing_since is None:
            self._failing_since = now  # what was quiet before is no sign that the object has moved
        if self._place is None or now - max(self._failing_since, self._looked_at) < LOOK_AGAIN_S:
            return
        try:
            found = self._find()
        except TicTacToeError:
            return  # nobody knows better: go on where it was
        finally:
            self._looked_at = time.monotonic()
        if found != self._place:
            self._forget()
            self._place = found

    def _forget(self) -> None:
        if self._remote is not None:
            self._remote.close()
        self._remote = None
