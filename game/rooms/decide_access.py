"""Decisions about opening and closing a room, entering and leaving it. Part of ``decide``; pure."""

from __future__ import annotations

from game.context import Context, Limits
from game.errors import (
    GameStillRunning,
    InvalidArgument,
    NotAllowed,
    NotInRoom,
    RoomFull,
    require,
)
from game.free_text import can_be_seen, is_readable, readable
from game.games.registry import boards_of, rules_named
from game.match.clock import clock_rule, clock_text
from game.match.selection import SELECT_MS, Selection, agreed
from game.match.series import check_best_of
from game.rooms import access, decide_play
from game.rooms.commands import SYSTEM, Close, Create, Join, Leave, Lock, Match, Remove
from game.rooms.events import (
    Closed,
    Created,
    Event,
    Left,
    Locked,
    RematchDeclined,
    Removed,
    Returned,
    Seated,
    Selecting,
    Watched,
)
from game.rooms.state import Room
from game.rules import SEATS, other

LONGEST_TITLE = 60
ROLES = ("player", "spectator")


def create(room: Room, command: Create, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Open a room, with nobody in it."""
    title = _checked_title(command.title)
    options = rules_named(command.game, command.options).options()
    best_of, clock = check_best_of(command.best_of), clock_text(clock_rule(command.clock))
    invite_code = command.code
    return (Created(*command.origin, room.id, title, command.game, options, best_of, clock, invite_code, at=now.at),)


def _checked_title(value: object) -> str:
    """Return the title as all see it.

    Chat drops bad characters silently; a title is refused, because its writer can correct it.
    """
    title = value.strip() if isinstance(value, str) else None
    if title is None or not is_readable(title) or len(readable(title)) > LONGEST_TITLE:
        raise InvalidArgument(f"title must be at most {LONGEST_TITLE} visible characters")
    require(not title or can_be_seen(title), "title must have a visible character, or be empty")
    return readable(title)


def match(room: Room, command: Match, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Open a room for two matched players. They select what to play, if there is a choice."""
    game, choices, request_id, at = command.game, command.choices, command.request_id, now.at
    options = rules_named(game, boards_of(game)[choices.boards[0]]).options()
    rated, bots = command.rated, command.bots
    begun: tuple[Event, ...] = (
        Created(SYSTEM, request_id, room.id, "", game, options, rated=rated, bots=bots, at=at),
        *(Seated(name, request_id, seat, at=at) for seat, name in zip(SEATS, command.players, strict=True)),
    )
    until = at + SELECT_MS
    selecting = Selecting(SYSTEM, request_id, choices.boards, choices.best_ofs, choices.clocks, until, at=at)
    settled = agreed(Selection(choices, until))
    if settled is None:
        return *begun, selecting
    agreement = decide_play.agreement(game, settled, (SYSTEM, request_id), at)
    x, o = command.players
    return *begun, selecting, agreement, decide_play.start((SYSTEM, request_id), (x, o), 1, now)


def join(room: Room, command: Join, now: Context, limits: Limits) -> tuple[Event, ...]:
    """Let a person take a seat, return or watch.

    When both seats are taken in a room that a person opened, its first game starts.
    """
    require(command.role in ROLES, f"role must be one of {', '.join(ROLES)}")
    name = command.by
    if room.seat_of(name) is not None:
        return (Returned(*command.origin, at=now.at),) if name in room.away else ()
    free = [seat for seat in SEATS if room.seats[seat] is None]
    watching = name in room.spectators
    if not watching:
        if name != room.owner:
            access.check_may_enter(room.access, name, command.code)
        if len(room.players) + len(room.spectators) >= limits.people:
            raise RoomFull(f"there are {limits.people} people in the room")
    if command.role == "player" and free:
        seat = free[0]
        seated = Seated(*command.origin, seat, at=now.at)
        across = room.seats[other(seat)]
        if across is None:
            return (seated,)
        players = (name, across) if seat == "X" else (across, name)
        return seated, decide_play.start(command.origin, players, room.game_number + 1, now)
    if watching:
        return ()
    if name != room.owner:
        access.check_may_watch(room.access)
    return (Watched(*command.origin, at=now.at),)


def leave(room: Room, command: Leave, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Let a person leave, and withdraw the rematch offer: the rematch would start without that person.

    A match that is over closes when its last player leaves.
    """
    by = command.by
    if not room.has(by):
        return ()
    seat = room.seat_of(by)
    withdrawn = (RematchDeclined(*command.origin, seat, at=now.at),) if seat and seat in room.rematch else ()
    left = Left(*command.origin, command.unseen_ms, at=now.at)
    others = [name for name in room.players if name != by and name not in room.away]
    if room.is_match and room.series_is_over and seat is not None and not others:
        return *withdrawn, left, Closed(*command.origin, at=now.at)
    return *withdrawn, left


def lock(room: Room, command: Lock, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Lock or unlock the room for new spectators. Present spectators stay."""
    _check_owner(room, command.by, "lock it")
    return () if room.access.locked == command.on else (Locked(*command.origin, command.on, at=now.at),)


def remove(room: Room, command: Remove, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Remove a spectator, who cannot come back."""
    _check_owner(room, command.by, "remove somebody")
    if room.seat_of(command.name) is not None:
        raise NotAllowed("a player cannot be removed from a seat")
    if command.name not in room.spectators:
        raise NotInRoom("no spectator has that name")
    if command.name == command.by:
        raise NotAllowed("you cannot remove yourself: leave the room")
    return (Removed(*command.origin, command.name, at=now.at),)


def close(room: Room, command: Close, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Close the room for good."""
    if command.by != SYSTEM:
        _check_owner(room, command.by, "close it")
        if room.phase == "playing":
            raise GameStillRunning("the game is not finished yet")
    return (Closed(*command.origin, at=now.at),)


def _check_owner(room: Room, by: str, do: str) -> None:
    if by != room.owner:
        raise NotAllowed(f"only the room's owner may {do}")


def check_may_see(room: Room, by: str) -> None:
    """Raise NotInvited or NotAllowed if a person outside the room may not see it.

    NotInvited: the room is private. NotAllowed: the person was removed, or the room is locked.
    """
    if room.seat_of(by) is None and by not in room.spectators and by != room.owner:
        access.check_may_enter(room.access, by, "")
        access.check_may_watch(room.access)
