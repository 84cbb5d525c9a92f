"""The verdict on matches, their clocks and the game archive. It uses all events that main servers published.

It checks that nobody is matched while in a running match, and that time never goes back in a room. The game archive
must have each finished game exactly once, and no other, under consecutive numbers. The ratings must follow from the
game archive.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from game.forms import records
from game.forms.event_codec import from_plain
from game.forms.records import GameRecord
from game.forms.views import summary
from game.rooms.events import Created, Event, Finished, Started
from game.rooms.evolve import evolve
from game.rooms.state import Room, nothing
from server.communication.ratings import Ratings
from server.log.archive_stream import is_segment
from server.log.entries import Entry
from server.log.journal.journal import Journal
from server.log.room_stream import room_of
from server.rooms.lobby import players_of_match
from server.rooms.reverse_index import ReverseIndex

LEADERS = 100
Game = tuple[str, int]
"""A room's id, and the number of a game in it."""


@dataclass(frozen=True)
class PublishedEvents:
    """All published events of rooms, in the order of the log."""

    events: tuple[tuple[str, Entry, Event], ...]
    """The room's id, the entry, and the event in it."""

    @classmethod
    def of(cls, published: Mapping[str, Mapping[int, Entry]]) -> PublishedEvents:
        """Collect the events of all rooms.

        In a room with a missing version the events after it are left out: the state after the gap is unknown.
        """
        found: list[tuple[str, Entry, Event]] = []
        for stream, entries in published.items():
            room = room_of(stream)
            version = 1
            while room is not None and version in entries:
                entry = entries[version]
                found.append((room, entry, from_plain(json.loads(entry.body))))
                version += 1
        return cls(tuple(sorted(found, key=lambda one: one[1].position)))

    def time_regressions(self) -> Iterator[str]:
        """Yield a sentence for each event with an earlier service time than an event before it in its room."""
        latest: dict[str, int] = {}
        for room, entry, event in self.events:
            if event.at < latest.get(room, 0):
                yield f"time: version {entry.version} of {room} is at {event.at} ms, before {latest[room]} ms"
            latest[room] = max(event.at, latest.get(room, 0))

    def matched_twice(self) -> Iterator[str]:
        """Yield a sentence for each person who got into a match during another running match."""
        states: dict[str, Room] = {}
        running = ReverseIndex(players_of_match)
        for room, _, event in self.events:
            before = states.get(room, nothing(room))
            state = states[room] = evolve(before, event)
            if not state.is_match:
                continue
            taken = {name: at for name in state.players if (at := running.latest(name)) not in (None, room)}
            if before.phase == "waiting" and state.phase == "selecting" and taken:
                yield f"matches: {room} opened for {state.players}, but running matches have {taken}"
            running.put(
                room, *(None if one.phase in ("closed", "waiting") else summary(one) for one in (before, state))
            )

    def games(self) -> set[Game]:
        """Return the games that finished and were not aborted."""
        ended: set[Game] = set()
        numbers: dict[str, int] = {}
        for room, _, event in self.events:
            if isinstance(event, Created):
                numbers[room] = 0
            elif isinstance(event, Started):
                numbers[room] = event.number
            elif isinstance(event, Finished) and event.termination != "aborted":
                ended.add((room, numbers[room]))
        return ended


def archived_games(journal: Journal) -> list[GameRecord]:
    """Return all recorded games of a journal, in the order of their numbers. No name is released in the simulator."""
    segments = [copy for copy in journal.copies() if is_segment(copy.stream)]
    entries = sorted((entry for copy in segments for entry in copy.entries), key=lambda entry: entry.position)
    read = [records.from_plain(json.loads(entry.body)) for entry in entries]
    return [record for record in read if isinstance(record, GameRecord)]


def archive_findings(name: str, journal: Journal, played: PublishedEvents, *, complete: bool) -> Iterator[str]:
    """Yield the differences between a copy of the game archive and the games that were played.

    ``complete``: whether all events of all rooms were published.
    """
    archive = archived_games(journal)
    counted = Counter((record.room, record.number) for record in archive)
    ended = played.games()
    for copy in journal.copies():
        if is_segment(copy.stream):
            versions = [entry.version for entry in copy.entries]
            if versions != list(range(1, len(versions) + 1)):
                yield f"archive: {name} has records {versions} of {copy.stream}, not 1 to {len(versions)}"
    for (room, number), count in counted.items():
        if count > 1:
            yield f"archive: {name} has game {number} of {room} {count} times"
    for room, number in sorted(ended - counted.keys()):
        yield f"archive: {name} lacks game {number} of {room}"
    if complete:
        for room, number in sorted(counted.keys() - ended):
            yield f"archive: {name} has game {number} of {room}, which did not end"


def rating_findings(served: Sequence[Mapping[str, object]], journal: Journal) -> Iterator[str]:
    """Yield the ratings of the communication server that differ from a new calculation over the game archive."""
    expected = Ratings()
    for record in archived_games(journal):
        expected.apply(record)
    best = expected.best("people", LEADERS)
    if served != best:
        yield f"ratings: the communication server has {served}, and the game archive gives {best}"
