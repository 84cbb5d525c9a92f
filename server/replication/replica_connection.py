"""The connection on which a main server's conversations with the replica are held, and the thread's part of them.

Each connection begins with the question whether the replica is on this machine, with the same locks.

What is said is in ``takeover`` and ``replicator``. Not safe for threads: who may speak, they see to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from game.errors import InvariantBroken
from server.runtime.effects import Conversation, RemoteCall, Wish, WithCommitLock, converse
from server.runtime.security import peer_key
from wire import PEER, REPLICATION
from wire.errors import TicTacToeError, WrongMachine
from wire.rpc import Address, Proxy

Result = TypeVar("Result")
Turn = Callable[[], AbstractContextManager[None]]


def _no_turn() -> AbstractContextManager[None]:
    raise InvariantBroken("this conversation is held where no turn can be taken")


class ReplicaConnection:
    """One connection to the replica, made at the first question and anew after each one that failed."""

    def __init__(
        self, address: Address, key: bytes, *, timeout_s: float, machine: str, on_wrong_machine: Callable[[str], None]
    ) -> None:
        """``key``: the cluster's. ``timeout_s``: how long an answer is waited for. ``machine``: the id of this machine,
        ``on_wrong_machine`` is called with the reason when the replica is another's.
        """
        self._remote = Proxy(address, PEER, key=peer_key(key, REPLICATION))
        self._timeout_s = timeout_s
        self._machine = machine
        self._on_wrong_machine = on_wrong_machine
        self._is_checked = False
        self._woken = threading.Event()

    def hold(self, conversation: Conversation[Result], *, turn: Turn = _no_turn) -> Result:
        """Hold a conversation to its end; ``turn`` is how the commit turn is taken, where it needs that."""

        def fulfil(wish: Wish) -> Any:
            if isinstance(wish, RemoteCall):
                return self._ask(wish)
            if isinstance(wish, WithCommitLock):
                with turn():
                    return self.hold(wish.conversation)
            self._woken.wait(wish.seconds)
            self._woken.clear()
            return None

        return converse(conversation, fulfil)

    def wake(self) -> None:
        """End the rest of a conversation; or the next one, if none rests now."""
        self._woken.set()

    def _ask(self, question: RemoteCall) -> Any:
        try:
            if not self._is_checked:
                # On each connection, and before all else: the replica may be another process than before.
                self._remote.call("check_machine", self._machine, timeout_s=self._timeout_s)
                self._is_checked = True
            return self._remote.call(question.method, *question.arguments, timeout_s=self._timeout_s)
        except TicTacToeError as error:
            self._is_checked = False
            self._remote.close()
            if isinstance(error, WrongMachine):
                self._on_wrong_machine(error.message)
            raise
