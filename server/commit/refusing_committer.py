"""Commands while nothing can be committed: each is refused with the reason, unless it needs no write. Pure.

For a main server that serves reads only (``read_only``), and for the simulator's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from game.moment import Context
from server.log.streams import Streams
from server.rooms.service_clock import ServiceClock
from wire.errors import TicTacToeError


class EmptyStates(Protocol):
    """The states of all streams, as they are shown."""

    def state_of(self, stream: str) -> Any:
        """The state of a stream."""

    def moment(self) -> Context:
        """This moment."""


class RefusingCommitter:
    """Takes commands and writes none."""

    def __init__(self, streams: Streams, states: EmptyStates, error: TicTacToeError) -> None:
        """``error``: with which commands are refused."""
        self._streams = streams
        self._states = states
        self.error = error

    def submit(self, stream: str, command: Any) -> Mapping[str, object]:
        """The answer to a command that needs no write. Raises ``error`` for any other, and Refusal.

        What has a request id and was not carried out is always refused with ``error``: what the rules say of it would
        have to be remembered for a duplicate that arrives late.
        """
        kind = self._streams.kind_of(stream)
        state = self._states.state_of(stream)
        answer = kind.answered(state, command)
        if answer is None and kind.request(command) is None and not kind.decide(state, command, self._states.moment()):
            answer = kind.answer(state, command)
        if answer is None:
            raise type(self.error)(self.error.message)
        return answer

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """The log does not grow anyway."""
        yield

    @property
    def waiting(self) -> int:
        """Nothing waits."""
        return 0


def still_time() -> ServiceClock:
    """A service time that only the log can move."""
    return ServiceClock(lambda: 0.0)
