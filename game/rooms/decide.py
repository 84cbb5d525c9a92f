"""Which events a command makes in a room: ``decide``. Each decision checks who, then when, then what.

Pure: the same room, command and moment always decide the same. Nothing is changed here; ``evolution`` does that. The
decisions themselves stand by subject in ``entrance``, ``playing`` and ``agreeing``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from game.errors import NoSuchRoom, RoomClosed
from game.moment import Context, Limits
from game.rooms import commands as c
from game.rooms import decide_access as entrance
from game.rooms import decide_offers as agreeing
from game.rooms import decide_play as playing
from game.rooms.commands import Command
from game.rooms.drain_rules import check_begins_nothing
from game.rooms.events import Event
from game.rooms.state import Room

_Decision = Callable[[Room, Any, Context, Limits], tuple[Event, ...]]

_OPENING: dict[type, _Decision] = {c.Create: entrance.create, c.Match: entrance.match}
_INSIDE: dict[type, _Decision] = {
    c.Join: entrance.join,
    c.Leave: entrance.leave,
    c.Lock: entrance.lock,
    c.Remove: entrance.remove,
    c.Close: entrance.close,
    c.Propose: playing.propose,
    c.Move: playing.move,
    c.Resign: playing.resign,
    c.ClaimGame: playing.claim_game,
    c.Rematch: playing.rematch,
    c.Due: playing.due,
    c.Offer: agreeing.offer,
    c.Accept: agreeing.accept,
    c.Decline: agreeing.decline,
    c.Say: agreeing.say,
}


def decide(room: Room, command: Command, now: Context, limits: Limits) -> tuple[Event, ...]:
    """The events that a command makes; none when things already are as it wants them. Raises a Refusal."""
    if now.at < room.at:
        now = now._replace(at=room.at)  # service time never goes back
    decision = _OPENING.get(type(command))
    if decision is None:
        _check_is_open(room)
        decision = _INSIDE[type(command)]
    if now.draining:
        check_begins_nothing(room, command)
    return decision(room, command, now, limits)


def _check_is_open(room: Room) -> None:
    if room.phase == "new":
        raise NoSuchRoom("there is no such room")
    if room.phase == "closed":
        raise RoomClosed("the room is closed")
