"""``decide``: the events that a command causes in a room.

Most decisions check the caller, then the phase of the room, then the arguments.

Pure: the same room, command and context give the same events. Nothing is changed here; ``evolve`` does that. The
decisions are by subject in ``decide_access``, ``decide_play`` and ``decide_offers``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from game.context import Context, Limits
from game.errors import NoSuchRoom, RoomClosed, RoomExists
from game.rooms import commands as c
from game.rooms import decide_access, decide_offers, decide_play
from game.rooms.commands import Command
from game.rooms.drain_rules import check_begins_nothing
from game.rooms.events import Event
from game.rooms.state import Room

_Decision = Callable[[Room, Any, Context, Limits], tuple[Event, ...]]

_OPENING: dict[type, _Decision] = {c.Create: decide_access.create, c.Match: decide_access.match}
_INSIDE: dict[type, _Decision] = {
    c.Join: decide_access.join,
    c.Leave: decide_access.leave,
    c.Lock: decide_access.lock,
    c.Remove: decide_access.remove,
    c.Close: decide_access.close,
    c.Propose: decide_play.propose,
    c.Move: decide_play.move,
    c.Resign: decide_play.resign,
    c.ClaimGame: decide_play.claim_game,
    c.Rematch: decide_play.rematch,
    c.Due: decide_play.due,
    c.Offer: decide_offers.offer,
    c.Accept: decide_offers.accept,
    c.Decline: decide_offers.decline,
    c.Say: decide_offers.say,
}


def decide(room: Room, command: Command, now: Context, limits: Limits) -> tuple[Event, ...]:
    """Return the events of a command; none when the room already is as the command wants. Raises a Refusal."""
    if now.at < room.at:
        now = now._replace(at=room.at)  # service time never goes back
    decision = _OPENING.get(type(command))
    if decision is None:
        _check_is_open(room)
        decision = _INSIDE[type(command)]
    elif room.phase != "new":
        raise RoomExists("a room with that id already exists")
    if now.draining:
        check_begins_nothing(room, command)
    return decision(room, command, now, limits)


def _check_is_open(room: Room) -> None:
    if room.phase == "new":
        raise NoSuchRoom("there is no such room")
    if room.phase == "closed":
        raise RoomClosed("the room is closed")
