"""Hosts: simulated people who want the same username, and whose rooms are soon closed and forgotten.

What they were told is written down in a ``Ledger``, and must be so for ever: whose the name is, and that a closed room
stays closed, also when it has left the journals.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from game.commands import Close, Create, Join
from game.errors import Refusal
from game.names import Claim
from server.house import House
from server.streams import name_stream, room_stream
from simulator.cluster.clients import GIVES_UP_S, Person, fields_of

NAME = "host"
THINKS_S = 0.1


@dataclass
class Ledger:
    """What hosts were told."""

    owners: set[str] = field(default_factory=set)
    """The tokens (hashed) to which the name was given."""
    others: set[str] = field(default_factory=set)
    """The tokens that were refused it."""
    closed: set[str] = field(default_factory=set)
    """The streams of rooms that are closed."""

    def broken(self, house: House) -> Iterator[str]:
        """What is not so in the end."""
        owner = house.state_of(name_stream(NAME)).token_hash
        if self.owners - {owner} or owner in self.others:
            yield f"G7: the name is {owner}'s, but was given to {sorted(self.owners)}, not to {sorted(self.others)}"
        for stream in sorted(self.closed):
            state = house.state_of(stream)
            if state.version and state.phase != "closed":
                yield f"G1: {stream} was closed, and is {state.phase}"


class Host(Person):
    """Claims the name, opens a room and closes it, again and again."""

    def __init__(self, ledger: Ledger, *, until_s: float) -> None:
        super().__init__(until_s=until_s)
        self._ledger = ledger
        self._doings = self._do()

    def sit_down(self) -> None:
        self._go_on(None)

    def _do(self) -> Generator[tuple[str, object], bool | None, None]:
        """What it asks for, one after the other; each comes to whether that was done, or None if nobody knows."""
        ledger, rooms = self._ledger, 0
        while self.now < self.until_s:
            given = yield name_stream(NAME), Claim(NAME, self.name)
            if given is not None:
                (ledger.owners if given else ledger.others).add(self.name)
            rooms += 1
            stream = room_stream(f"{self.name}-{self.life.number}-{rooms}")
            yield stream, Create(self.name, self.new_request(), "", "tictactoe", {})
            yield stream, Join(self.name, self.new_request(), "player")
            if (yield stream, Close(self.name, self.new_request())):
                ledger.closed.add(stream)
        self.until_s = -1.0

    def _go_on(self, done: bool | None) -> None:
        try:
            stream, command = self._doings.send(done)
        except StopIteration:
            return

        def over(done: bool | None) -> None:
            self.set_timer(self.dice.uniform(0.0, THINKS_S), lambda: self._go_on(done))

        self.insist(
            "command",
            (stream, type(command).__name__, *fields_of(command)),
            lambda _answer: over(True),
            lambda error: over(False if isinstance(error, Refusal) else None),
            give_up_at=self.now + GIVES_UP_S,
        )
