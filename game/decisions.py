"""Which events a command makes in a room: ``decide``. Each decision checks who, then when, then what.

Pure: the same room and command always decide the same. Nothing is changed here; ``room.evolve`` does that.
"""

from __future__ import annotations

from game.commands import HOUSE, Close, Command, Create, Join, Leave, Move, Rematch, Resign
from game.errors import (
    GameNotRunning,
    GameStillRunning,
    InvalidArgument,
    NoSuchRoom,
    NotAllowed,
    NotAPlayer,
    NotInRoom,
    NotYourTurn,
    RoomClosed,
    RoomExists,
    RoomFull,
    check,
)
from game.events import (
    Closed,
    Created,
    Event,
    Finished,
    Left,
    Moved,
    RematchWanted,
    Returned,
    Seated,
    Started,
    Watched,
)
from game.games import rules_named
from game.room import Room
from game.rules import SEATS, Seat, other

LONGEST_TITLE = 60
ROLES = ("player", "spectator")


def decide(room: Room, command: Command, *, max_people: int) -> tuple[Event, ...]:
    """The events that a command makes; none when things already are as it wants them. Raises a Refusal."""
    if isinstance(command, Create):
        return _create(room, command)
    if room.phase == "new":
        raise NoSuchRoom("there is no such room")
    if room.phase == "closed":
        raise RoomClosed("the room is closed")
    if isinstance(command, Move):
        return _move(room, command)
    if isinstance(command, Join):
        return _join(room, command, max_people)
    if isinstance(command, Leave):
        return (Left(command.by, command.request_id),) if room.has(command.by) else ()
    if isinstance(command, Resign):
        return _resign(room, command)
    if isinstance(command, Rematch):
        return _rematch(room, command)
    check(isinstance(command, Close), "every kind of command is decided in its own way")
    return _close(room, command)


def _create(room: Room, command: Create) -> tuple[Event, ...]:
    if room.phase != "new":
        raise RoomExists("there is a room with that id already")
    title = command.title.strip() if isinstance(command.title, str) else None
    if title is None or len(title) > LONGEST_TITLE or not title.isprintable():
        raise InvalidArgument(f"title must be at most {LONGEST_TITLE} printable characters")
    options = rules_named(command.game, command.options).options()
    return (Created(command.by, command.request_id, room.id, title, command.game, options),)


def _join(room: Room, command: Join, max_people: int) -> tuple[Event, ...]:
    if command.role not in ROLES:
        raise InvalidArgument(f"role must be one of {', '.join(ROLES)}")
    name, request_id = command.by, command.request_id
    if room.seat_of(name) is not None:
        return (Returned(name, request_id),) if name in room.away else ()
    free: list[Seat] = [seat for seat in SEATS if room.seats[seat] is None]
    watching = name in room.spectators
    if not watching and len(room.players) + len(room.spectators) >= max_people:
        raise RoomFull(f"there are {max_people} people in the room")
    if command.role == "player" and free:
        seat = free[0]
        seated = Seated(name, request_id, seat)
        across = room.seats[other(seat)]
        if across is None:
            return (seated,)
        x, o = (name, across) if seat == "X" else (across, name)
        return seated, Started(name, request_id, x, o, room.game_number + 1)
    return () if watching else (Watched(name, request_id),)


def _player_in_game(room: Room, command: Move | Resign) -> Seat:
    """The caller's seat, if a game is running."""
    seat = _seat_in(room, command)
    if room.phase != "playing":
        raise GameNotRunning("no game is running in the room")
    return seat


def _seat_in(room: Room, command: Move | Resign | Rematch) -> Seat:
    seat = room.seat_of(command.by)
    if seat is not None:
        return seat
    if not room.has(command.by):
        raise NotInRoom("you are not in this room: join it first")
    raise NotAPlayer("you have no seat in this room")


def _back(room: Room, command: Command) -> tuple[Event, ...]:
    """A player who plays is here again."""
    return (Returned(command.by, command.request_id),) if command.by in room.away else ()


def _move(room: Room, command: Move) -> tuple[Event, ...]:
    seat = _player_in_game(room, command)
    if room.rules.to_move(room.position) != seat:
        raise NotYourTurn(f"it is {other(seat)}'s turn")
    outcome = room.rules.outcome(room.rules.play(room.position, seat, command.move))
    moved = Moved(command.by, command.request_id, seat, command.move)
    if outcome is None:
        return *_back(room, command), moved
    finished = Finished(command.by, command.request_id, outcome.termination, outcome.winner, outcome.line)
    return *_back(room, command), moved, finished


def _resign(room: Room, command: Resign) -> tuple[Event, ...]:
    seat = _player_in_game(room, command)
    return *_back(room, command), Finished(command.by, command.request_id, "resigned", other(seat), ())


def _rematch(room: Room, command: Rematch) -> tuple[Event, ...]:
    seat = _seat_in(room, command)
    if room.phase == "playing":
        raise GameStillRunning("the game is not finished yet")
    x, o = room.seats["X"], room.seats["O"]
    if room.phase != "finished" or x is None or o is None:
        raise GameNotRunning("no game has been played in the room yet")
    if seat in room.rematch:
        return ()
    wanted = (*_back(room, command), RematchWanted(command.by, command.request_id, seat))
    if other(seat) not in room.rematch:
        return wanted
    return *wanted, Started(command.by, command.request_id, o, x, room.game_number + 1)


def _close(room: Room, command: Close) -> tuple[Event, ...]:
    if command.by != HOUSE:
        if command.by != room.owner:
            raise NotAllowed("only who opened the room may close it")
        if room.phase == "playing":
            raise GameStillRunning("the game is not finished yet")
    return (Closed(command.by, command.request_id),)
