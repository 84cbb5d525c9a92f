"""``evolve``: the room after an event. A room's state is the result of all its events.

Events are facts, so an impossible event is a broken invariant, not a refusal. The changes are by subject in
``evolve_people`` and ``evolve_play``, one function per kind of event. Clock, offers and chat compute their own changes
in their own modules.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec.structs import replace

from game.errors import InvariantBroken, Refusal, check
from game.rooms import events as e
from game.rooms import evolve_people, evolve_play
from game.rooms.events import Event
from game.rooms.remembered_requests import CommandAnswer, Requests, drop_absent, remembered
from game.rooms.state import Become, Room
from game.rules import Seat

_CHANGES: dict[type, Callable[[Room, Any, Become], Room]] = {
    e.Created: evolve_people.created,
    e.Seated: evolve_people.seated,
    e.Watched: evolve_people.watched,
    e.Returned: evolve_people.returned,
    e.Left: evolve_people.left,
    e.Removed: evolve_people.removed,
    e.Locked: evolve_people.locked,
    e.Said: evolve_people.said,
    e.Closed: evolve_people.closed,
    e.Selecting: evolve_play.selecting,
    e.Proposed: evolve_play.proposed,
    e.Agreed: evolve_play.agreed,
    e.Started: evolve_play.started,
    e.Moved: evolve_play.moved,
    e.Offered: evolve_play.offered,
    e.Declined: evolve_play.declined,
    e.TakenBack: evolve_play.taken_back,
    e.Finished: evolve_play.finished,
    e.RematchWanted: evolve_play.rematch_wanted,
    e.RematchDeclined: evolve_play.rematch_declined,
}


def evolve(room: Room, event: Event, *, remembers: bool = True) -> Room:
    """Return the room after one more event of ``decide``.

    ``remembers``: whether the event's request is added to the remembered ones, which only the servers need. Raises
    InvariantBroken, and never a Refusal, for an event that is impossible in this room.
    """
    check(room.phase != "closed", "a closed room gets no events")
    check((room.phase == "new") == isinstance(event, e.Created), "a room's first event, and no other, is its creation")
    version = room.version + 1
    requests = _remember(room, version, event) if remembers else room.requests
    become = partial(replace, room, version=version, at=max(room.at, event.at), requests=requests)
    try:
        return _CHANGES[type(event)](room, event, become)
    except Refusal as refusal:
        raise InvariantBroken(f"an event does not fit room {room.id}: {refusal.message}") from refusal


def _remember(room: Room, version: int, event: Event) -> Requests:
    """Return the remembered requests with this event's request.

    When a person leaves, the requests of people who left long ago are dropped.
    """
    requests = remembered(room.requests, event.by, event.request_id, CommandAnswer(version, _seat_after(room, event)))
    if isinstance(event, e.Closed):
        drop_absent(requests, room.players)
    elif isinstance(event, (e.Left, e.Removed)):
        gone = event.by if isinstance(event, e.Left) else event.name
        drop_absent(requests, {*room.spectators} - {gone} | {*room.players})
    return requests


def _seat_after(room: Room, event: Event) -> Seat | None:
    """Return the seat of the event's user after the event."""
    if isinstance(event, e.Seated):
        return event.seat
    seat = room.seat_of(event.by)
    if isinstance(event, e.Started) and seat is not None:
        return "X" if event.by == event.seat_x else "O"
    return seat
