"""One copy to all: the first server orders all writes, and answers when every server has the value.

It is always correct, but writes stop while any server is away. The first server sends again until all have answered, so
it tolerates lost messages and crashes. Reads go to the first server, too. It does not show a value before all servers
have it.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.engine.register import SERVERS, PendingRequest, RegisterServer

FIRST = SERVERS[0]
AGAIN_S = 0.05


@dataclass(frozen=True)
class Forward:
    """A client's request that another server received. ``value`` is None for a read."""

    ticket: PendingRequest
    value: int | None


@dataclass(frozen=True)
class Copy:
    """A request to store the value with this ``number``."""

    number: int
    value: int


@dataclass(frozen=True)
class Kept:
    """The acknowledgement of ``Copy``: the value is on the sender's disk."""

    number: int


class OneCopyToAll(RegisterServer):
    """A server. The first server's disk has the value that all have, and the value that is being copied."""

    def start(self) -> None:
        self._queue: list[tuple[PendingRequest, int]] = []
        # The client's request for the write in progress. None after a crash: that client gets no answer.
        self._writing: PendingRequest | None = None
        # The other servers that acknowledged the write in progress.
        self._have: set[str] = set()
        if self.name == FIRST and self._number("begun") > self._number("done"):
            self._spread()

    def _number(self, key: str) -> int:
        number = self.disk.read(f"{key} number", 0)
        return number if isinstance(number, int) else 0

    def _value(self, key: str) -> int | None:
        value = self.disk.read(f"{key} value")
        return value if isinstance(value, int) else None

    def _keep(self, key: str, number: int, value: int) -> None:
        self.disk.write(f"{key} value", value)
        self.disk.write(f"{key} number", number)
        self.disk.sync()

    # -- client requests ------------------------------------------------------------------------------------------

    def read(self, ticket: PendingRequest) -> None:
        self._at_first(ticket, None)

    def write(self, ticket: PendingRequest, value: int) -> None:
        self._at_first(ticket, value)

    def _at_first(self, ticket: PendingRequest, value: int | None) -> None:
        if self.name != FIRST:
            self.send(FIRST, Forward(ticket, value))
        elif value is None:
            self.answer(ticket, self._value("done"))
        else:
            self._queue.append((ticket, value))
            self._next()

    def on_Forward(self, forward: Forward, _sender: str) -> None:  # noqa: N802  # named after the message
        """Handle a forwarded request once. Duplicates are ignored."""
        if self.disk.read(forward.ticket.request) is None:
            self.disk.write(forward.ticket.request, "taken")
            self.disk.sync()
            self._at_first(forward.ticket, forward.value)

    # -- one write at a time --------------------------------------------------------------------------------------

    def _next(self) -> None:
        if self._queue and self._number("begun") == self._number("done"):
            self._writing, value = self._queue.pop(0)
            self._keep("begun", self._number("begun") + 1, value)
            self._have = set()
            self._spread()

    def _spread(self) -> None:
        number, value = self._number("begun"), self._value("begun")
        if value is None or number == self._number("done"):
            return
        for name in self.others:
            if name not in self._have:
                self.send(name, Copy(number, value))
        self.set_timer(AGAIN_S, lambda: self._spread() if self._number("begun") == number else None)

    def on_Copy(self, copy: Copy, sender: str) -> None:  # noqa: N802
        """Store the copy. A late, older copy must not replace a newer one."""
        if copy.number > self._number("done"):
            self._keep("done", copy.number, copy.value)
        self.send(sender, Kept(copy.number))

    def on_Kept(self, kept: Kept, sender: str) -> None:  # noqa: N802
        """Record an acknowledgement. The write is complete when all other servers have it."""
        number, value = self._number("begun"), self._value("begun")
        if kept.number != number or number == self._number("done") or value is None:
            return
        self._have.add(sender)
        if self._have == set(self.others):
            self._keep("done", number, value)
            if self._writing is not None:
                self.answer(self._writing, value)
                self._writing = None
            self._next()
