"""What the tests of rooms share: commands without the ceremony, and junk of all kinds. No test lives here."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from hypothesis import settings
from hypothesis import strategies as st

from game.context import Context, Limits
from game.games.registry import DEFAULT_GAME, short_list
from game.match.selection import Choices
from game.rooms.commands import SYSTEM, SYSTEM_REQUESTS, Command, Create, Due, Join, Leave, Match, Move, Rematch, Resign
from game.rooms.decide import decide
from game.rooms.events import Event
from game.rooms.evolve import evolve
from game.rooms.state import Room, nothing

MOST_PEOPLE = 5
LIMITS = Limits(people=MOST_PEOPLE)
UNTIMED = settings(deadline=None)
"""For properties: how long an example takes says more about the machine than about the code."""
SHORT_LIST = short_list(DEFAULT_GAME)
_requests = itertools.count()

TEXTS = st.text() | st.text("a\ud800\udfff", min_size=1, max_size=3)
"""Texts, and some with lone halves of surrogate pairs, which no UTF-8 has."""
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner) | st.tuples(inner, inner),
    max_leaves=8,
)


def request() -> str:
    """A request id that no other command has."""
    return f"request-{next(_requests)}"


def decided(room: Room, command: Command, now: Context = Context()) -> tuple[Event, ...]:  # noqa: B008  # immutable
    """The events of a command, in a room for five."""
    return decide(room, command, now, LIMITS)


def evolved(room: Room, events: Iterable[Event]) -> Room:
    """The room after events."""
    for event in events:
        room = evolve(room, event)
    return room


def after(room: Room, *commands: Command, at: int = 0, chance: int = 0) -> Room:
    """The room after commands, each of which is carried out at that service time."""
    for command in commands:
        room = evolved(room, decided(room, command, Context(at, chance)))
    return room


def opened(**options: int) -> Room:
    """A room that ann opened and nobody is in."""
    return after(nothing("abcd"), Create("ann", request(), "A table", "tictactoe", options))


def joined(room: Room, *names: str) -> Room:
    """The room after these asked for a seat, one after the other."""
    return after(room, *(Join(name, request(), "player") for name in names))


def watched(room: Room, *names: str) -> Room:
    """The room after these came to watch."""
    return after(room, *(Join(name, request(), "spectator") for name in names))


def left(room: Room, *names: str) -> Room:
    """The room after these left."""
    return after(room, *(Leave(name, request()) for name in names))


def started(**options: int) -> Room:
    """A room where ann (X) and bob (O) have begun to play."""
    return joined(opened(**options), "ann", "bob")


def played(room: Room, *moves: int) -> Room:
    """The room after moves, each by whose turn it is."""
    for move in moves:
        room = after(room, Move(to_move(room), request(), move))
    return room


def to_move(room: Room) -> str:
    """The name whose turn it is."""
    name = room.seats[room.rules.to_move(room.position) or "X"]
    assert name is not None
    return name


def won_by_x() -> Room:
    """A room where the game is over: X has the top row."""
    return played(started(), 0, 3, 1, 4, 2)


def resigned(room: Room, name: str) -> Room:
    """The room after that player gave up."""
    return after(room, Resign(name, request()))


def rematched(room: Room, *names: str) -> Room:
    """The room after these wished for another game."""
    return after(room, *(Rematch(name, request()) for name in names))


def timed(clock: str = "10s", best_of: int = 0) -> Room:
    """A room that ann made by hand, with a clock, where she (X) and bob (O) have begun to play at 0."""
    return joined(after(nothing("abcd"), Create("ann", request(), "", DEFAULT_GAME, {}, best_of, clock)), "ann", "bob")


def matched(choices: Choices = SHORT_LIST, at: int = 0, *, rated: bool = True) -> Room:
    """A match of ann and bob, made by the servers, who select or, where there is no choice, play."""
    match = Match(SYSTEM, system_request(), DEFAULT_GAME, ("ann", "bob"), choices, rated)
    return after(nothing("abcd"), match, at=at)


def playing(best_of: int = 1, clock: str = "none", at: int = 0) -> Room:
    """A match of ann (X) and bob (O) on 3x3 that begins at that time."""
    return matched(Choices(("3x3",), (best_of,), (clock,)), at)


def system_request() -> str:
    """A request id of the servers."""
    return f"{SYSTEM_REQUESTS}{request()}"


def due(room: Room, at: int, chance: int = 0) -> Room:
    """The room after the servers looked what time brings."""
    return after(room, Due(SYSTEM, system_request()), at=at, chance=chance)
