"""The connection on which a main server runs procedures with the replica.

On each new connection, the first call checks that the replica has this machine and data folder: only then the lock of a
role excludes a second main server. It runs the procedures of ``takeover``, ``replicator`` and ``commit``. Not safe for
threads: the sync state and the commit lock let one thread at a time use the connection.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from game.errors import InvariantBroken
from server.runtime.effects import Effect, Effects, RemoteCall, WithCommitLock, run_effects
from server.runtime.security import peer_key
from wire import PEER, REPLICATION
from wire.errors import TicTacToeError, WrongMachine
from wire.rpc import Address, Proxy

Result = TypeVar("Result")
CommitLock = Callable[[], AbstractContextManager[None]]


def _no_commit_lock() -> AbstractContextManager[None]:
    raise InvariantBroken("this procedure runs where there is no commit lock")


class ReplicaConnection:
    """A connection to the replica. It opens at the first call, and again after each failed call."""

    def __init__(
        self, address: Address, key: bytes, *, timeout_s: float, machine: str, on_wrong_machine: Callable[[str], None]
    ) -> None:
        """``key`` is the cluster's key.
        ``timeout_s``: how long to wait for an answer.
        ``machine`` is the id of this machine.
        ``on_wrong_machine`` is called with the reason when the replica is on another machine.
        """
        self._remote = Proxy(address, PEER, key=peer_key(key, REPLICATION))
        self._timeout_s = timeout_s
        self._machine = machine
        self._on_wrong_machine = on_wrong_machine
        # True only for an open connection on which ``check_machine`` succeeded.
        self._is_checked = False
        self._woken = threading.Event()

    def run(self, effects: Effects[Result], *, commit_lock: CommitLock = _no_commit_lock) -> Result:
        """Run a procedure to its end and return its result. ``commit_lock`` takes that lock for ``WithCommitLock``."""

        def perform(effect: Effect) -> Any:
            if isinstance(effect, RemoteCall):
                return self._call(effect)
            if isinstance(effect, WithCommitLock):
                with commit_lock():
                    return self.run(effect.effects)
            self._woken.wait(effect.seconds)
            self._woken.clear()
            return None

        return run_effects(effects, perform)

    def wake(self) -> None:
        """End the current pause of a procedure; without one, the next pause."""
        self._woken.set()

    def _call(self, call: RemoteCall) -> Any:
        try:
            if not self._is_checked:
                # Checked first on each connection: the replica may be another process than before.
                self._remote.call("check_machine", self._machine, timeout_s=self._timeout_s)
                self._is_checked = True
            return self._remote.call(call.method, *call.arguments, timeout_s=self._timeout_s)
        except TicTacToeError as error:
            self._is_checked = False
            self._remote.close()
            if isinstance(error, WrongMachine):
                self._on_wrong_machine(error.message)
            raise
