"""Decisions about games: selection, moves, the end of a game, timers. Part of ``decide``; pure."""

from __future__ import annotations

from game.context import Context, Limits
from game.errors import (
    GameNotRunning,
    GameStillRunning,
    NotAllowed,
    NotAPlayer,
    NotInRoom,
    NotYourTurn,
    TimeUp,
    check,
    require,
)
from game.games.registry import boards_of, rules_named, still_playable
from game.match import clock as clocks
from game.match.clock import clock_rule, clock_text
from game.match.selection import Proposal, agreed, check_proposal, draw_lots
from game.match.selection import propose as with_proposal
from game.rooms.commands import SYSTEM, ClaimGame, Command, Due, Move, Origin, Propose, Rematch, Resign
from game.rooms.events import Agreed, Event, Finished, Moved, Proposed, RematchWanted, Returned, Started
from game.rooms.state import Room
from game.rules import Seat, other


def seat_in(room: Room, by: str) -> Seat:
    """Return the caller's seat. Raises NotInRoom, NotAPlayer."""
    seat = room.seat_of(by)
    if seat is not None:
        return seat
    if not room.has(by):
        raise NotInRoom("you are not in this room: join it first")
    raise NotAPlayer("you have no seat in this room")


def seat_in_game(room: Room, by: str, now: Context) -> Seat:
    """Return the caller's seat in a running game.

    Raises NotInRoom, NotAPlayer, GameNotRunning, and TimeUp when a clock has run down. After that the game is lost, and
    only ``due`` ends it.
    """
    seat = seat_in(room, by)
    if room.phase != "playing":
        raise GameNotRunning("no game is running in the room")
    if room.clock is not None and clocks.has_run_down(room.clock, now.at):
        raise TimeUp("your time is up" if room.clock.running == seat else "your opponent's time is up")
    return seat


def returned(room: Room, command: Command, now: Context) -> tuple[Event, ...]:
    """Return the event of a player who is away and acts: the player is back."""
    return (Returned(*command.origin, at=now.at),) if command.by in room.away else ()


def start(origin: Origin, players: tuple[str, str], number: int, now: Context) -> Started:
    """Return the start of a game. The first of ``players`` has X."""
    return Started(*origin, *players, number, now.date, at=now.at)


def agreement(game: str, what: Proposal, origin: Origin, at: int, lot: int | None = None) -> Agreed:
    """Return the event that fixes what is played."""
    options = rules_named(game, boards_of(game)[what.board]).options()
    clock = clock_text(clock_rule(what.clock))
    return Agreed(*origin, options, lot, what.board, what.best_of, clock, at=at)


def propose(room: Room, command: Propose, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Propose what to play. When both players propose the same, it is agreed and the game starts."""
    seat = seat_in(room, command.by)
    if room.selection is None:
        raise GameNotRunning("nothing is to be selected in the room (any more)")
    selection = still_playable(room.game, room.selection)
    what = check_proposal(command.proposal, selection.choices)
    returns = returned(room, command, now)
    if selection.proposals.get(seat) == what:
        return returns
    proposed = Proposed(*command.origin, seat, what.board, what.best_of, what.clock, at=now.at)
    settled = agreed(with_proposal(selection, seat, what))
    if settled is None:
        return *returns, proposed
    return (
        *returns,
        proposed,
        agreement(room.game, settled, command.origin, now.at),
        start(command.origin, _seated(room), room.game_number + 1, now),
    )


def move(room: Room, command: Move, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Play a move, and end the game if it was the last move."""
    seat = seat_in_game(room, command.by, now)
    if room.rules.to_move(room.position) != seat:
        raise NotYourTurn(f"it is {other(seat)}'s turn")
    outcome = room.rules.outcome(room.rules.play(room.position, seat, command.move))
    moved = Moved(command.by, command.request_id, seat, command.move, at=now.at)
    if outcome is None:
        return *returned(room, command, now), moved
    finished = Finished(*command.origin, outcome.termination, outcome.winner, outcome.line, at=now.at)
    return *returned(room, command, now), moved, finished


def resign(room: Room, command: Resign, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """End the game: the caller loses."""
    resigned = Finished(*command.origin, "resigned", other(seat_in_game(room, command.by, now)), (), at=now.at)
    return *returned(room, command, now), resigned


def claim_game(room: Room, command: ClaimGame, now: Context, limits: Limits) -> tuple[Event, ...]:
    """End a game as a win or a draw, at the caller's choice, when the opponent has been away long enough."""
    require(command.result in ("win", "draw"), "result must be win or draw")
    seat = seat_in_game(room, command.by, now)
    since = room.away.get(room.seats[other(seat)] or "")
    if since is None:
        raise NotAllowed("your opponent is here")
    if now.at - since < limits.claim_after_ms:
        wait_s = (limits.claim_after_ms - (now.at - since) + 999) // 1000
        raise NotAllowed(f"your opponent has not been away for long enough: wait {wait_s} s more")
    winner = seat if command.result == "win" else None
    return *returned(room, command, now), Finished(*command.origin, "left", winner, (), at=now.at)


def rematch(room: Room, command: Rematch, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Offer the next game. When both players have offered it, it starts with seats swapped."""
    seat = seat_in(room, command.by)
    if room.phase == "playing":
        raise GameStillRunning("the game is not finished yet")
    if room.phase != "finished":
        raise GameNotRunning("no game has been played in the room yet")
    returns = returned(room, command, now)
    if seat in room.rematch:
        return returns
    wanted = (*returns, RematchWanted(*command.origin, seat, at=now.at))
    if other(seat) not in room.rematch:
        return wanted
    return *wanted, _next_game(room, command.origin, now)


def due(room: Room, command: Due, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Apply what is due by now: draw lots, start the next game of a series, or let a flag fall."""
    check(command.by == SYSTEM, "only the system submits a timer's command")
    origin, at = command.origin, now.at
    if room.due_at is None or at < room.due_at:
        return ()
    if room.selection is not None:
        what = draw_lots(still_playable(room.game, room.selection), now.chance)
        drawn = agreement(room.game, what, origin, at, lot=now.chance)
        return drawn, start(origin, _seated(room), room.game_number + 1, now)
    if room.phase == "finished":
        return (_next_game(room, origin, now),)
    late = room.rules.to_move(room.position)
    check(late is not None, "a clock runs while a player is to move")
    return (Finished(*origin, "time", None if late is None else other(late), (), at=at),)


def _next_game(room: Room, origin: Origin, now: Context) -> Started:
    x, o = _seated(room)
    return start(origin, (o, x), room.game_number + 1, now)


def _seated(room: Room) -> tuple[str, str]:
    """Return the players with X and O. Raises GameNotRunning if a seat is free."""
    x, o = room.seats["X"], room.seats["O"]
    if x is None or o is None:
        raise GameNotRunning("the room does not have two players yet")
    return x, o
