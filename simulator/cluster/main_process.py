"""The main server as a simulated process: a thin shell, like the real script, around the same working parts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from game.commands import Close, Command, Create, Join, Leave, Move, Rematch, Resign
from game.errors import InvalidArgument, NoSuchRoom
from server.commit import Commit, Order
from server.compaction import Compactor
from server.conversation import Conversation
from server.entries import Entry, Mark, Office, Terms
from server.faults import Faults
from server.house import House
from server.journal import Journal
from server.lobby import Cursor
from server.office import take_office
from server.primary import Output, Primary
from server.replica_link import ReplicaLink
from server.streams import Streams
from server.turns import Turns
from simulator.cluster.journals import JournalDisk
from simulator.cluster.machine import Machine
from simulator.cluster.rpc import Fail, Process, Request, Talk, Then
from simulator.cluster.watching import Watch
from simulator.world import Crash, Life
from wire import MAIN, REPLICATION
from wire.errors import NotReady, StorageFailed

COMPACTION_PAUSE_S = 0.2
NO_FAULTS = Faults("")
COMMANDS: dict[str, Callable[..., Command]] = {
    make.__name__: make for make in (Create, Join, Leave, Move, Resign, Rematch, Close)
}


@dataclass(frozen=True)
class Limits:
    """The settings of the servers that are counts."""

    most_people: int = 20
    snapshot_every: int = 8
    keep_events: int = 1_000_000
    piece_bytes: int = 1 << 18
    nearly: int = 50


Publish = Callable[[Entry], None]
"""Hears of each event that a main server made visible."""


class _Asked(Order):
    """A command that somebody sent."""

    def __init__(self, stream: str, command: Command, request: Request) -> None:
        super().__init__(stream, command)
        self.request = request


class _WantsTurn(Order):
    """A conversation that is to be held while nothing is committed."""

    def __init__(self, conversation: Conversation[Any], then: Then, fail: Fail) -> None:
        super().__init__("", None)
        self.conversation = conversation
        self.then = then
        self.fail = fail


class MainProcess(Process):
    """A main server: takes office, commits what comes, keeps the replica in step."""

    def __init__(self, machine: Machine, disk: JournalDisk, limits: Limits, note: Publish) -> None:
        super().__init__()
        self._machine = machine
        self._times = machine.times
        self._disk = disk
        self._limits = limits
        self._note = note
        self._turns: Turns[_Asked | _WantsTurn] = Turns()
        self._waiting: list[tuple[Request, str, int, float]] = []
        self.house: House | None = None
        self.link: ReplicaLink | None = None
        self.joined_by: Life | None = None
        """The life of the replica that joined last."""

    def start(self) -> None:
        """Wait for the office."""
        self.journal = self._disk.journal()
        chance = self.chance()
        Talk(
            self,
            take_office(
                self.journal,
                wait_limit_s=self._times.recovery_wait_s,
                piece_bytes=self._limits.piece_bytes,
                go_on=lambda: True,
                clock=lambda: self.now,
                new_holder=lambda: f"{chance.getrandbits(64):016x}",
            ),
            self._in_office,
            timeout_s=self._times.append_timeout_s,
        ).begin()
        if self.name == MAIN:
            Watch(self, self._machine, REPLICATION).begin()

    def _in_office(self, office: Office) -> None:
        journal, limits = self.journal, self._limits
        streams = Streams(most_people=limits.most_people)
        self.house = house = _NotingHouse(streams, journal, self)
        self._compactor = Compactor(
            journal,
            streams,
            every=limits.snapshot_every,
            keep_events=limits.keep_events,
            upto=lambda: house.published,
        )
        self.link = link = ReplicaLink(
            _NotingPrimary(office, journal.last, journal.terms, self),
            journal,
            self._compactor,
            faults=NO_FAULTS,
            step_down=self._step_down,
            wake=self._wake,
            piece_bytes=limits.piece_bytes,
            nearly=limits.nearly,
        )
        self._commit = Commit(streams, house, journal, link, NO_FAULTS)
        house.load()
        self.published([entry for copy in journal.copies() for entry in copy.entries])
        self._running = Talk(
            self,
            link.run(lambda: True),
            lambda _: None,
            timeout_s=self._times.append_timeout_s,
            in_turn=self._take_turn,
        )
        self._running.begin()
        compact_now_and_then(self, self._compactor)
        self.world.timeline.note(self.now, self.name, f"is in office, epoch {office.epoch}")

    def _wake(self) -> None:
        self._running.wake()

    def _step_down(self, why: str) -> None:
        self.world.timeline.note(self.now, self.name, f"steps down: {why}")
        raise Crash

    def published(self, entries: list[Entry]) -> None:
        """These can be seen from now on; told by the house, and of what was there before the term began."""
        for entry in entries:
            self._note(entry)

    # -- the commit turn ------------------------------------------------------------------------------------------

    def _take_turn(self, conversation: Conversation[Any], then: Then, fail: Fail) -> None:
        self._line_up(_WantsTurn(conversation, then, fail))

    def _line_up(self, waiter: _Asked | _WantsTurn) -> None:
        if self._turns.come(waiter):
            self._have_turn(waiter)

    def _have_turn(self, waiter: _Asked | _WantsTurn) -> None:
        if isinstance(waiter, _WantsTurn):
            self._hold(waiter.conversation, waiter.then, waiter.fail)
        else:
            batch = [asked for asked in self._turns.batch() if isinstance(asked, _Asked)]
            self._hold(self._commit.batch(batch), lambda _: self._committed(batch), None)

    def _hold(self, conversation: Conversation[Any], then: Then, fail: Fail | None) -> None:
        def over(go_on: Callable[[], None]) -> None:
            following = self._turns.pass_on()
            go_on()
            if following is not None:
                self._have_turn(following)

        Talk(
            self,
            conversation,
            lambda value: over(lambda: then(value)),
            None if fail is None else lambda error: over(lambda: fail(error)),
            timeout_s=self._times.append_timeout_s,
        ).begin()

    def _committed(self, batch: list[_Asked]) -> None:
        for asked in batch:
            if asked.error is not None:
                self.refuse(asked.request, asked.error)
            else:
                self.answer(asked.request, dict(asked.answer or {}))
        waiting, self._waiting = self._waiting, []
        for request, room, after, until_s in waiting:
            self._tell_news(request, room, after, until_s)

    # -- what is asked --------------------------------------------------------------------------------------------

    def serve(self, request: Request, method: str, arguments: list[Any]) -> None:
        house = self.house
        if method == "beat":
            self._beat(request, house)
        elif house is None:
            raise NotReady("the main server waits for its office")
        elif method == "command":
            stream, kind, *rest = arguments
            self._line_up(_Asked(stream, COMMANDS[kind](*rest), request))
        elif method == "view":
            self.answer(request, house.view(*arguments))
        elif method == "wait":
            room, after_version, timeout_s = arguments
            self._tell_news(request, room, after_version, self.now + timeout_s)
        elif method == "lobby_changes":
            revision, began, limit = arguments
            changes = house.lobby_changes(Cursor(revision, began), limit, 0.0)
            self.answer(request, vars(changes))
        else:
            raise InvalidArgument(f"there is no method {method}")

    def _beat(self, request: Request, house: House | None) -> None:
        """The proof of life takes a turn, so it comes only when the commits before it came to their end."""
        if house is None:
            self.answer(request, False)
            return
        self._take_turn(_nothing(), lambda _: self.answer(request, True), lambda error: self.refuse(request, error))

    def _tell_news(self, request: Request, room: str, after_version: int, until_s: float) -> None:
        """Answer a wait, now or when there is something new; after its time nobody waits for it any more."""
        house = self.house
        if house is None or self.now > until_s:
            return
        try:
            news = house.wait(room, after_version, 0.0)
        except (NoSuchRoom, InvalidArgument) as error:
            self.refuse(request, error)
            return
        if news["version"] > after_version:
            self.answer(request, news)
        else:
            self._waiting.append((request, room, after_version, until_s))


class _NotingPrimary(Primary):
    """The real machine; the simulation notes which replica joined."""

    def __init__(self, office: Office, last: Mark, terms: Terms, process: MainProcess) -> None:
        super().__init__(office, last, terms)
        self._process = process

    def joined(self, replica_last: Mark) -> Output | None:
        output = super().joined(replica_last)
        self._process.joined_by = self._process.connection_to(REPLICATION)
        return output


class _NotingHouse(House):
    """The real house; the simulation hears what it publishes."""

    def __init__(self, streams: Streams, journal: Journal, process: MainProcess) -> None:
        super().__init__(streams, journal, lambda _room: None, lambda: process.now)
        self._process = process

    def publish(self, states: Any, entries: Any, events: Any) -> None:
        super().publish(states, entries, events)
        self._process.published(entries)


def _nothing() -> Conversation[None]:
    return
    yield


def compact_now_and_then(process: Process, compactor: Compactor) -> None:
    """Take the snapshots that are due, again and again."""
    with contextlib.suppress(StorageFailed):  # the disk is full: the next time
        compactor.compact_some()
    process.set_timer(COMPACTION_PAUSE_S, lambda: compact_now_and_then(process, compactor))
