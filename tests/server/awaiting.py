"""Waits in a test's thread for what happens in the thread of an event loop."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from server.runtime.event_loop import EventLoop
from tests.conditions import PATIENCE_S
from wire.errors import TicTacToeError
from wire.later import Later


def wait_for(loop: EventLoop, begin: Callable[[], Later]) -> Any:
    """Begin something in the loop, and wait for its answer. Raises its error."""
    result: Future[Any] = Future()

    def settled(value: Any, error: TicTacToeError | None) -> None:
        if error is None:
            result.set_result(value)
        else:
            result.set_exception(error)

    loop.from_thread(lambda: begin().then(settled))
    return result.result(PATIENCE_S)
