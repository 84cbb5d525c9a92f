"""A kind of stream: pure functions from state and command to events, and the formats of both.

``commit`` and ``compaction`` use streams only through this interface. A new kind is a subclass in its own file, an
entry in ``Streams``, and its name in ``streams.is_stream``: the replica refuses rows of other streams.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import msgspec

from game.context import Context
from game.errors import TicTacToeError
from game.forms.records import Record
from game.plain_values import Form, as_json
from server.log.entries import Entry, StreamCopy
from wire.errors import Damaged

State = Any
Event = Any
Command = Any

UNREADABLE = (TicTacToeError, msgspec.MsgspecError, LookupError, TypeError, ValueError, RecursionError)
"""What parsing a damaged row may raise."""


class StreamKind(ABC):
    """One kind of stream. By default no command is a retry, nothing is recorded, and the row is the whole state."""

    events: Form[Any]
    """The form of its events."""
    states: Form[Any]
    """The form of its state. A kind without it has its own ``encode`` and ``decode``."""
    keeps_events = False
    """Whether its events are kept for ever, and never compacted."""

    @abstractmethod
    def initial_state(self, stream: str) -> State:
        """Return the state before the first event."""

    @abstractmethod
    def decide(self, state: State, command: Command, now: Context) -> Sequence[Event]:
        """Return the events that the command causes. Raises a Refusal."""

    @abstractmethod
    def evolve(self, state: State, event: Event) -> State:
        """Return the state after an event."""

    @abstractmethod
    def answer(self, state: State, command: Command) -> Mapping[str, object]:
        """Return the answer to a command that was just applied, or that changed nothing."""

    def request(self, command: Command) -> Hashable:  # noqa: ARG002
        """Return a key that a command shares with its retries, and with nothing else in the stream.

        Return None if the outcome need not be remembered when the command changes nothing.
        """
        return None

    def answered(self, state: State, command: Command) -> Mapping[str, object] | None:  # noqa: ARG002
        """Return the first answer to this request if it was applied before, else None."""
        return None

    def forgotten(
        self,
        before: State,  # noqa: ARG002
        after: State,  # noqa: ARG002
        events: Sequence[Event],  # noqa: ARG002
    ) -> Mapping[Hashable, Mapping[str, object]]:
        """Return the requests that these events made the state forget, with their first answers."""
        return {}

    def record(self, before: State, event: Event, after: State) -> Record | None:  # noqa: ARG002
        """Return the record that an event adds to the game archive, or None."""
        return None

    def best_known_state(self, copy: StreamCopy) -> State | None:  # noqa: ARG002
        """Return the best known state where rows are damaged, or None if it could be wrong."""
        return None

    # -- format ---------------------------------------------------------------------------------------------------

    def encode(self, state: State) -> dict[str, object]:
        """Return the state as plain data with JSON types only."""
        return self.states.to_plain(state)

    def decode(self, plain: Mapping[str, Any]) -> State:
        """Return the state that ``encode`` encoded."""
        return self.states.from_plain(plain)

    def write_event(self, event: Event) -> str:
        """Return the event as JSON text."""
        return self.events.to_json(event)

    def read_event(self, body: str) -> Event:
        """Return the event that ``write_event`` wrote."""
        return self.events.from_json(body)

    def row(self, state: State) -> Mapping[str, object] | None:
        """Return what lists show of the stream without loading it, or None if they do not show it.

        For every kind but rooms it is the whole state, which ``decode`` reads.
        """
        return self.encode(state)

    def has_same_row(self, before: State, after: State) -> bool:  # noqa: ARG002
        """Return whether both states certainly have the same ``row``. It saves making the row at every command."""
        return False

    def write_state(self, state: State) -> str:
        """Return the state as JSON text."""
        return as_json(self.encode(state)).decode()

    def read_state(self, body: str) -> State:
        """Return the state that ``write_state`` wrote."""
        return self.decode(msgspec.json.decode(body))


def read_event(kind: StreamKind, entry: Entry) -> Event:
    """Return the event in an entry. Raises Damaged when the entry is lost or cannot be parsed."""
    if entry.is_lost:
        raise damaged(entry.stream)
    try:
        return kind.read_event(entry.body)
    except UNREADABLE as error:
        raise damaged(entry.stream) from error


def damaged(stream: str) -> Damaged:
    """Return the error for a stream whose rows do not make a state."""
    return Damaged(f"what the servers kept of {stream} is damaged; it is mended if the other copy has it")
