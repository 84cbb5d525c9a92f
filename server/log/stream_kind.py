"""What a kind of stream is: pure functions from state and command to events, and how both are written.

``commit`` and ``compaction`` know streams only by this. Another kind of stream is another subclass in a file of its
own, and a line in ``streams``.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from game.errors import TicTacToeError
from game.forms.records import Record
from game.moment import Context
from server.log.entries import Entry, StreamCopy
from server.log.row_format import LOST
from wire.errors import Damaged

State = Any
Event = Any
Command = Any

UNREADABLE = (TicTacToeError, LookupError, TypeError, ValueError, RecursionError)
"""What the reader of a damaged row may raise."""

as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Made once: ``json.dumps`` with such wishes would make an encoder for every event."""


class StreamKind(ABC):
    """One kind of stream. By default no command is a retry, nothing is recorded, and the row is the whole state."""

    keeps_events = False
    """Whether its events are kept for ever, and not compacted into its state."""

    @abstractmethod
    def nothing(self, stream: str) -> State:
        """The state before the first event."""

    @abstractmethod
    def decide(self, state: State, command: Command, now: Context) -> Sequence[Event]:
        """The events that the command makes. Raises a Refusal."""

    @abstractmethod
    def evolve(self, state: State, event: Event) -> State:
        """The state after an event."""

    @abstractmethod
    def answer(self, state: State, command: Command) -> Mapping[str, object]:
        """The answer to a request that was just carried out, or that changed nothing."""

    def request(self, command: Command) -> Hashable:  # noqa: ARG002
        """What a command has in common with its retries, and with nothing else in the stream; None if what came of it
        need not be remembered where it changed nothing.
        """
        return None

    def answered(self, state: State, command: Command) -> Mapping[str, object] | None:  # noqa: ARG002
        """The first answer to this request if it was carried out before, else None."""
        return None

    def forgotten(self, before: State, after: State) -> Mapping[Hashable, Mapping[str, object]]:  # noqa: ARG002
        """The requests with their first answers that the state before remembered and the one after does not."""
        return {}

    def record(self, before: State, event: Event, after: State) -> Record | None:  # noqa: ARG002
        """What an event between two states puts into the archive of games, if anything."""
        return None

    def without_the_damaged(self, copy: StreamCopy) -> State | None:  # noqa: ARG002
        """The state as far as it can be told where rows are damaged; None if all else would be a wrong one."""
        return None

    # -- how it is written ----------------------------------------------------------------------------------------

    @abstractmethod
    def encode(self, state: State) -> dict[str, object]:
        """The state as plain data, of what JSON knows."""

    @abstractmethod
    def decode(self, plain: Mapping[str, Any]) -> State:
        """The state that was encoded so."""

    @abstractmethod
    def write_event(self, event: Event) -> str:
        """The event as JSON text."""

    @abstractmethod
    def read_event(self, body: str) -> Event:
        """The event that was written so."""

    def row(self, state: State) -> Mapping[str, object] | None:
        """What lists show of the stream, so that nobody has to read it; None if they do not show it."""
        return self.encode(state)

    def from_row(self, row: Mapping[str, Any]) -> State:
        """The state, where the row is all of it."""
        return self.decode(row)

    def write_state(self, state: State) -> str:
        """The state as JSON text."""
        return as_json(self.encode(state))

    def read_state(self, body: str) -> State:
        """The state that was written so."""
        return self.decode(json.loads(body))


def read_event(kind: StreamKind, entry: Entry) -> Event:
    """The event in an entry. Raises Damaged when the entry only keeps its place, or cannot be read."""
    if entry.body == LOST:
        raise damaged(entry.stream)
    try:
        return kind.read_event(entry.body)
    except UNREADABLE as error:
        raise damaged(entry.stream) from error


def damaged(stream: str) -> Damaged:
    """The error for a stream whose rows do not make a state."""
    return Damaged(f"what the servers kept of {stream} is damaged; it is mended if the other copy has it")
