"""How the front door's copies follow the main server: a call that waits for news, again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from game.errors import TicTacToeError
from server.runtime.effects import Effects, RemoteCall, Sleep
from server.runtime.retries import Retries
from wire.rpc import Proxy

PAGE = 200
"""Changes in one answer, at most."""
FOLLOW_WAIT_S = 1.0
"""How long the main server may wait for news before it answers."""


def next_answer(
    method: str, *after: object, page: int, behind: bool, retries: Retries, retry_s: float
) -> Effects[Mapping[str, Any]]:
    """Call ``method`` with the position ``after`` until there is an answer, and return it.

    ``behind``: there is news already, so the main server need not wait for any. Without a main server the call is made
    again after ``retry_s`` seconds, and the next one answers at once: so a copy is soon complete.
    """
    while True:
        try:
            answer: Mapping[str, Any] = yield RemoteCall(method, (*after, page, 0.0 if behind else FOLLOW_WAIT_S))
        except TicTacToeError as error:
            retries.failed(error)
            behind = True
            yield Sleep(retry_s)
        else:
            retries.succeeded()
            return answer


class FollowerConnection:
    """A follower's connection to the main server. After an error the next call opens a new one."""

    def __init__(self, main: Proxy) -> None:
        self._main = main

    def call(self, method: str, arguments: tuple[Any, ...]) -> Any:
        """Call the main server, and wait for its answer. Raises a TicTacToeError."""
        try:
            return self._main.call(method, *arguments, timeout_s=FOLLOW_WAIT_S + 2.0)
        except TicTacToeError:
            self._main.close()
            raise
