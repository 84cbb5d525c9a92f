"""How the front door's copies follow the main server: a question that waits for news, again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from game.errors import TicTacToeError
from server.runtime.retries import Retries
from wire.rpc import Proxy

PAGE = 200
"""Changes or records in one answer, at most."""
FOLLOW_WAIT_S = 1.0
"""How long the main server may wait for news before it answers."""


def follow(
    main: Proxy,
    method: str,
    after: Callable[[], tuple[object, ...]],
    apply: Callable[[Mapping[str, Any]], None],
    retries: Retries,
    *,
    retry_s: float,
    go_on: Callable[[], bool],
    pause: Callable[[float], None],
) -> None:
    """Call ``method`` with the position from ``after()`` and give the answer to ``apply`` until ``go_on()`` is false.

    Without a main server the copy stays as it is; the call is made again after ``retry_s`` seconds. The first call to a
    main server does not wait for news: the copy is complete at once, also if there is nothing to copy.
    """
    wait_s = 0.0
    while go_on():
        try:
            answer = main.call(method, *after(), PAGE, wait_s, timeout_s=wait_s + 2.0)
        except TicTacToeError as error:
            retries.failed(error)
            main.close()
            wait_s = 0.0
            pause(retry_s)
            continue
        wait_s = FOLLOW_WAIT_S
        retries.succeeded()
        apply(answer)
