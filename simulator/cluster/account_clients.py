"""Simulated hosts: clients that compete for one username. Their rooms are soon closed and forgotten.

The owner of the name reserves it with new recovery codes and recovers it with new tokens. The other hosts guess codes.
No name is released: the deletion of idle names is not simulated.

A ``Ledger`` records the answers that hosts get. Two facts must stay true for ever. The name keeps its owner, and a
closed room stays closed, even after the journals forget it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import Struct

from game.accounts.names import Claim, Recover, Reserve
from game.errors import Refusal, TicTacToeError
from game.rooms.commands import Close, Create, Join
from server.log.name_stream import name_stream
from server.log.room_stream import room_stream
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects
from simulator.cluster.clients import SimulatedClient

NAME = "host"
THINK_S = 0.1


@dataclass
class Ledger:
    """The answers that hosts got. No crash deletes it."""

    owners: dict[str, str] = field(default_factory=dict)
    """By host: the hashed token of its last successful claim or recovery. At most the name's owner may be here."""
    refused: set[str] = field(default_factory=set)
    """The hosts that were refused the name with their first token. The owner is never here."""
    unconfirmed: set[str] = field(default_factory=set)
    """Hashed tokens of recoveries that no answer confirmed. Each may have become the owner's token."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many further tokens and codes each host made after its first."""
    closed: set[str] = field(default_factory=set)
    """The streams of rooms that were closed with an acknowledgement. It only grows."""

    def violations(self, store: RoomStore) -> Iterator[str]:
        """Yield a sentence for each recorded fact that is not true at the end."""
        token = store.state_of(name_stream(NAME)).token_hash
        owner = token.partition("/")[0]
        if self.owners.keys() - {owner} or owner in self.refused:
            yield f"G7: the name is {owner}'s, but was given to {sorted(self.owners)}, not to {sorted(self.refused)}"
        elif owner in self.owners and token not in {self.owners[owner], *self.unconfirmed}:
            yield f"G7: the name is {token}'s, but was recovered for {self.owners[owner]}"
        for stream in sorted(self.closed):
            state = store.state_of(stream)
            if state.version and state.phase != "closed":
                yield f"G1: {stream} was closed, and is {state.phase}"


class AccountClient(SimulatedClient):
    """A host: claims, reserves or recovers the name, opens a room and closes it, in a loop."""

    def __init__(self, ledger: Ledger, *, until_s: float) -> None:
        super().__init__()
        self._ledger = ledger
        self._until_s = until_s

    def act(self) -> Effects[None]:
        rooms = 0
        while self.now < self._until_s:
            command = self._next_command(rooms)
            self._record(command, (yield from self._done(name_stream(NAME), command)))
            rooms += 1
            stream = room_stream(f"{self.name}-{self.incarnation.number}-{rooms}")
            yield from self._done(stream, Create(self.name, self.new_request(), "", "tictactoe", {}))
            yield from self._done(stream, Join(self.name, self.new_request(), "player"))
            if (yield from self._done(stream, Close(self.name, self.new_request()))):
                self._ledger.closed.add(stream)
        self.finished = True

    def _done(self, stream: str, command: Struct) -> Effects[bool | None]:
        """Send a command, then pause. Return True if it was done, False if it was refused, None if that is unknown."""
        done: bool | None = True
        try:
            yield from self.submit(stream, command)
        except TicTacToeError as error:
            done = False if isinstance(error, Refusal) else None
        yield self.pause(THINK_S)
        return done

    def _next_command(self, number: int) -> Claim | Reserve | Recover:
        """Return the next command for the name. A host that is not the owner sometimes guesses the recovery code."""
        ledger, me = self._ledger, self.name
        is_owner = me in ledger.owners
        if number % 3 == 1 and is_owner:
            ledger.counts[f"{me}'s codes"] += 1
            return Reserve(self._token(), self._code())
        if number % 3 == 2:  # noqa: PLR2004  # every third round
            ledger.counts[me] += is_owner
            ledger.unconfirmed |= {self._token()} if is_owner else set()
            return Recover(self._code(), self._token())
        return Claim(NAME, self._token())

    def _record(self, command: Claim | Reserve | Recover, done: bool | None) -> None:
        ledger, me = self._ledger, self.name
        if done and not isinstance(command, Reserve):
            ledger.owners[me] = command.token_hash
            ledger.unconfirmed.discard(command.token_hash)
        elif done is False and command == Claim(NAME, me):
            ledger.refused.add(me)

    def _token(self) -> str:
        """Return the latest (hashed) token of this host."""
        counts = self._ledger.counts[self.name]
        return f"{self.name}/{counts}" if counts else self.name

    def _code(self) -> str:
        """Return the latest (hashed) recovery code of this host."""
        codes = self._ledger.counts[f"{self.name}'s codes"]
        return f"code of {self.name}, {codes}"
