"""Mutations in the parts of matches: service time, the game archive, matchmaking, and the drawing of lots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from game.cluster_state import Tick
from game.games.registry import BEST_OFS
from game.rooms.state import Room
from server.commit.commit import Commit
from server.main import timers
from server.rooms.room_index import RoomIndex
from server.rooms.room_store import RoomStore
from server.rooms.service_clock import ServiceClock
from simulator.mutations.mutation import mutation, register, returning

register(
    "a-takeover-forgets-the-time",
    "service time starts at zero in every term",
    ServiceClock,
    "at_least",
    returning(None),
)
register(
    "an-end-without-its-record",
    "the end of a game is written without its record",
    Commit,
    "_archive",
    returning(None),
)
register(
    "matched-while-in-a-match",
    "a player is matched again while a match of that player still runs",
    RoomIndex,
    "match_of",
    returning(None),
)


@mutation("time-goes-on-without-anybody", "service time passes while there is no primary", ServiceClock, "at_least")
def _at_least_now(self: ServiceClock, at: int, original: Any = ServiceClock.at_least) -> None:
    original(self, max(at, int(1000 * self._clock())) if at else 0)


@mutation("a-hang-is-charged", "all the time that a main server hung counts as service time", ServiceClock, "tick")
def _tick_in_full(self: ServiceClock) -> int:
    passed_ms, since = self._reached
    now = self._clock()
    self._reached = (passed_ms + 1000.0 * (now - since), now)
    return int(self._reached[0])


@mutation("time-is-never-written-down", "service time is only in memory", timers, "due_commands")
def _due_commands_without_ticks(*arguments: Any, original: Any = timers.due_commands) -> Iterator[tuple[str, Any]]:
    for stream, command in original(*arguments):
        if not isinstance(command, Tick):
            yield stream, command


@mutation(
    "lots-are-drawn-again",
    "lots are drawn again when a room is read from the journal",
    RoomStore,
    "_read",
)
def _read_with_other_length(self: RoomStore, stream: str, original: Any = RoomStore._read) -> Any:
    state = original(self, stream)
    if isinstance(state, Room) and state.is_match and state.game_number == 1:
        return replace(state, best_of=BEST_OFS[(BEST_OFS.index(state.best_of) + 1) % len(BEST_OFS)])
    return state
