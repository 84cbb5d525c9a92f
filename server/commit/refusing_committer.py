"""Commands while nothing can be committed: each is refused with the reason, unless it needs no write. Pure.

For a main server that serves reads only (``main.reads.ReadOnly``), and for the same in the simulator.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from server.log.streams import Streams
from server.rooms.room_store import RoomStore
from server.rooms.service_clock import ServiceClock
from wire.errors import TicTacToeError


class RefusingCommitter:
    """Takes commands and writes none."""

    def __init__(self, streams: Streams, store: RoomStore, error: TicTacToeError) -> None:
        """Store the parts. Commands are refused with ``error``; ``candidate`` replaces it when the reason changes."""
        self._streams = streams
        self._store = store
        self.error = error

    def submit(self, stream: str, command: Any) -> Mapping[str, object]:
        """Return the answer to a command that needs no write. Raises Refusal, and ``error`` for any other command.

        A command with a request id that was not applied before is always refused with ``error``. Another outcome would
        have to be remembered for a duplicate that arrives late.
        """
        kind = self._streams.kind_of(stream)
        state = self._store.state_of(stream)
        answer = kind.answered(state, command)
        if answer is None and kind.request(command) is None and not kind.decide(state, command, self._store.context()):
            answer = kind.answer(state, command)
        if answer is None:
            raise type(self.error)(self.error.message)
        return answer

    @contextlib.contextmanager
    def commit_lock(self) -> Iterator[None]:
        """Do nothing: the log does not grow anyway."""
        yield


def stopped_clock() -> ServiceClock:
    """Return a service clock that moves only when the log moves it."""
    return ServiceClock(lambda: 0.0)
