"""Simulated hosts: clients that compete for one username. Their rooms are soon closed and forgotten.

The owner of the name reserves it with new recovery codes and recovers it with new tokens. The other hosts guess codes.
No name is released: the deletion of idle names is not simulated.

A ``Ledger`` records the answers that hosts get. Two facts must stay true for ever. The name keeps its owner, and a
closed room stays closed, even after the journals forget it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import astuple

from game.accounts.names import Claim, Recover, Reserve
from game.errors import Refusal
from game.rooms.commands import Close, Create, Join
from server.log.name_stream import name_stream
from server.log.room_stream import room_stream
from server.rooms.room_store import RoomStore
from simulator.cluster.clients import GIVE_UP_AFTER_S, SimulatedClient

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
        super().__init__(until_s=until_s)
        self._ledger = ledger
        self._steps = self._do()

    def begin(self) -> None:
        self._go_on(None)

    def _do(self) -> Generator[tuple[str, Struct], bool | None, None]:
        """Yield a stream and a command for each request.

        Each ``yield`` returns True if it was done, False if it was refused, and None if that is unknown.
        """
        ledger, rooms = self._ledger, 0
        while self.now < self.until_s:
            command = self._next_command(rooms)
            done = yield name_stream(NAME), command
            self._record(command, done)
            rooms += 1
            stream = room_stream(f"{self.name}-{self.incarnation.number}-{rooms}")
            yield stream, Create(self.name, self.new_request(), "", "tictactoe", {})
            yield stream, Join(self.name, self.new_request(), "player")
            if (yield stream, Close(self.name, self.new_request())):
                ledger.closed.add(stream)
        self.until_s = -1.0

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

    def _go_on(self, done: bool | None) -> None:
        try:
            stream, command = self._steps.send(done)
        except StopIteration:
            return

        def over(done: bool | None) -> None:
            self.set_timer(self.rng.uniform(0.0, THINK_S), lambda: self._go_on(done))

        self.call_until_answered(
            "command",
            (stream, type(command).__name__, *astuple(command)),
            lambda _answer: over(True),
            lambda error: over(False if isinstance(error, Refusal) else None),
            give_up_at=self.now + GIVE_UP_AFTER_S,
        )
