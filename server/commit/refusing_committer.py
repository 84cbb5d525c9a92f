"""Commands while nothing can be committed: each is refused with the reason, unless it needs no write. Pure.

For a main server that serves reads only (``main.reads.ReadOnly``), and for the same in the simulator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.log.streams import Streams
from server.rooms.room_store import RoomStore
from server.rooms.service_clock import ServiceClock
from server.runtime.effects import Effects
from server.runtime.procedures import Host, Procedure
from wire.errors import TicTacToeError
from wire.later import Later, later_of


class RefusingCommitter:
    """Takes commands and writes none."""

    def __init__(self, streams: Streams, store: RoomStore, host: Host, error: TicTacToeError) -> None:
        """Store the parts. Commands are refused with ``error``; ``candidate`` replaces it when the reason changes."""
        self._streams = streams
        self._store = store
        self._host = host
        self.error = error

    def submit(self, stream: str, command: Any) -> Later:
        """Answer a command that needs no write. Any other fails with ``error``, or with its Refusal.

        A command with a request id that was not applied before always fails with ``error``. Another outcome would have
        to be remembered for a duplicate that arrives late.
        """
        return later_of(lambda: self._answer(stream, command))

    def locked(self, effects: Effects[Any]) -> Later:
        """Run a procedure. The log does not grow anyway."""
        return Procedure(effects, self._host).begin()

    def _answer(self, stream: str, command: Any) -> Mapping[str, object]:
        kind = self._streams.kind_of(stream)
        state = self._store.state_of(stream)
        answer = kind.answered(state, command)
        if answer is None and kind.request(command) is None and not kind.decide(state, command, self._store.context()):
            answer = kind.answer(state, command)
        if answer is None:
            raise type(self.error)(self.error.message)
        return answer


def stopped_clock() -> ServiceClock:
    """Return a service clock that moves only when the log moves it."""
    return ServiceClock(lambda: 0.0)
