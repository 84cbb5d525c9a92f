"""An endpoint that is served on an event loop of its own, in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from tests.conditions import wait_until
from wire.addresses import Address
from wire.later import Later
from wire.rpc.dispatcher import Procedure
from wire.rpc.endpoint import Endpoint

NewLoop = Callable[[], asyncio.AbstractEventLoop]


class LoopThread:
    """An event loop that runs in a thread of its own."""

    def __init__(self, new_loop: NewLoop = asyncio.new_event_loop) -> None:
        self.loop = new_loop()
        self.errors: list[BaseException] = []
        """The exceptions that reached the loop's exception handler."""
        self.loop.set_exception_handler(self._on_error)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def do(self, work: Callable[..., Any], *arguments: object) -> Any:
        """Do this in the thread of the loop, and return its result."""

        async def done() -> Any:
            return work(*arguments)

        return asyncio.run_coroutine_threadsafe(done(), self.loop).result()

    def close(self) -> None:
        """End the loop and the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def _on_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.errors.append(context.get("exception") or RuntimeError(context["message"]))


def endpoint_at(bind: Address, **given: Any) -> Endpoint:
    """An endpoint that counts nothing, and runs no procedures unless that is given."""
    return Endpoint(bind, **{"answered": lambda *_: None, "run": no_procedures, **given})


def no_procedures(_procedure: Procedure) -> Later:
    raise AssertionError


@contextlib.contextmanager
def serving(
    endpoint: Endpoint, *, new_loop: NewLoop = asyncio.new_event_loop, fails: bool = False
) -> Iterator[LoopThread]:
    """Serve the endpoint until the end of the block. Unless ``fails``, no exception may reach the loop's handler."""
    thread = LoopThread(new_loop)
    thread.do(endpoint.begin, thread.loop)
    try:
        yield thread
    finally:
        thread.do(endpoint.close)
        wait_until(lambda: endpoint.connections == 0)
        thread.close()
    assert fails == bool(thread.errors), thread.errors
