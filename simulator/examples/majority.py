"""Majority with versions: any two of three servers are enough.

Any server handles a client's request. A write reads the highest version from a majority, then stores the value with a
higher version at a majority.

A read takes the newest value of a majority. Before it answers, it stores that value at a majority, too. Otherwise a
later read could use a majority without that value and go back in time.

From Attiya, Bar-Noy and Dolev, "Sharing Memory Robustly in Message-Passing Systems" (1995), with many writers as in
Lynch and Shvartsman (1997).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.engine.register import SERVERS, PendingRequest, RegisterServer

MAJORITY = len(SERVERS) // 2 + 1
AGAIN_S = 0.05
Version = tuple[int, str]
"""A number, and the incarnation that chose it. No two incarnations choose the same version."""


@dataclass(frozen=True)
class Get:
    """A request for the receiver's version and value."""

    round: str


@dataclass(frozen=True)
class Got:
    """The answer to ``Get``: version and value."""

    round: str
    version: Version
    value: int | None


@dataclass(frozen=True)
class Put:
    """A request to store a value, unless the receiver has a newer version."""

    round: str
    version: Version
    value: int | None


@dataclass(frozen=True)
class Done:
    """The acknowledgement of ``Put``: the receiver has that version or a newer one."""

    round: str


class Majority(RegisterServer):
    """A server with a version and a value on disk. The state of open rounds is only in memory."""

    def start(self) -> None:
        self._rounds = 0
        self._got: dict[str, dict[str, tuple[Version, int | None]]] = {}
        self._done: dict[str, set[str]] = {}
        # The rounds without a majority yet. A round leaves before its continuation runs, so it runs once.
        self._then: dict[str, Callable[[], None]] = {}

    # -- client requests ------------------------------------------------------------------------------------------

    def read(self, ticket: PendingRequest) -> None:
        def found(version: Version, value: int | None) -> None:
            self._put(version, value, lambda: self.answer(ticket, value))

        self._get(found)

    def write(self, ticket: PendingRequest, value: int) -> None:
        def found(version: Version, _old: int | None) -> None:
            newer = (version[0] + 1, f"{self.incarnation}/{ticket.request}")
            self._put(newer, value, lambda: self.answer(ticket, value))

        self._get(found)

    # -- rounds ---------------------------------------------------------------------------------------------------

    def _get(self, then: Callable[[Version, int | None], None]) -> None:
        """Send ``Get`` to all servers. Continue with the newest answer of a majority."""
        name = self._new_round()
        self._got[name] = {}
        self._then[name] = lambda: then(*max(self._got[name].values(), key=lambda found: found[0]))
        self._ask_all(name, Get(name))

    def _put(self, version: Version, value: int | None, then: Callable[[], None]) -> None:
        """Send ``Put`` to all servers. Continue when a majority has acknowledged it."""
        name = self._new_round()
        self._done[name] = set()
        self._then[name] = then
        self._ask_all(name, Put(name, version, value))

    def _new_round(self) -> str:
        self._rounds += 1
        return f"{self.incarnation}/{self._rounds}"

    def _ask_all(self, name: str, message: Get | Put) -> None:
        if name in self._then:
            for server in SERVERS:
                self.send(server, message)
            self.set_timer(AGAIN_S, lambda: self._ask_all(name, message))

    def _go_on(self, name: str, answers: int) -> None:
        if answers >= MAJORITY and name in self._then:
            self._then.pop(name)()

    # -- messages between servers ---------------------------------------------------------------------------------

    def on_Get(self, get: Get, sender: str) -> None:  # noqa: N802  # named after the message
        self.send(sender, Got(get.round, *self._kept()))

    def on_Got(self, got: Got, sender: str) -> None:  # noqa: N802
        if got.round in self._then:
            self._got[got.round][sender] = (got.version, got.value)
            self._go_on(got.round, len(self._got[got.round]))

    def on_Put(self, put: Put, sender: str) -> None:  # noqa: N802
        version, _ = self._kept()
        if put.version > version:
            self.disk.write("kept", (put.version, put.value))
            self.disk.sync()
        self.send(sender, Done(put.round))

    def on_Done(self, done: Done, sender: str) -> None:  # noqa: N802
        if done.round in self._then:
            self._done[done.round].add(sender)
            self._go_on(done.round, len(self._done[done.round]))

    def _kept(self) -> tuple[Version, int | None]:
        kept = self.disk.read("kept")
        return kept if isinstance(kept, tuple) else ((0, ""), None)
