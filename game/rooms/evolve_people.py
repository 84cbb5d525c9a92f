"""How events change a room's people, chat and access. Part of ``evolve``; pure."""

from __future__ import annotations

from game.errors import check
from game.games.registry import rules_named
from game.match import clock as clocks
from game.match import offers
from game.rooms import access, chat
from game.rooms import events as e
from game.rooms.state import Become, Room


def created(_room: Room, event: e.Created, become: Become) -> Room:
    rules = rules_named(event.game, event.options)
    return become(
        phase="waiting",
        title=event.title,
        owner=event.by,
        game=event.game,
        rules=rules,
        position=rules.opening(),
        best_of=event.best_of,
        clock_rule=clocks.clock_rule(event.clock),
        rated=event.rated,
        bots=event.bots,
        access=access.Access(event.code) if event.code else access.OPEN,
    )


def seated(room: Room, event: e.Seated, become: Become) -> Room:
    check(room.seat_of(event.by) is None, "a player has one seat")
    check(room.seats[event.seat] is None, "a seat has one owner")
    return become(seats={**room.seats, event.seat: event.by}, spectators=_without(room.spectators, event.by))


def watched(room: Room, event: e.Watched, become: Become) -> Room:
    check(room.seat_of(event.by) is None, "a player is not a spectator")
    check(event.by not in room.spectators, "a spectator joins once")
    return become(spectators=(*room.spectators, event.by))


def returned(room: Room, event: e.Returned, become: Become) -> Room:
    check(event.by in room.away, "only a person who was away returns")
    return become(away={name: since for name, since in room.away.items() if name != event.by})


def left(room: Room, event: e.Left, become: Become) -> Room:
    name = event.by
    check(room.has(name), "only a person in the room leaves it")
    if room.seat_of(name) is None:
        return become(spectators=_without(room.spectators, name))
    return become(away={**room.away, name: max(0, event.at - event.unseen_ms)})


def removed(room: Room, event: e.Removed, become: Become) -> Room:
    check(event.name in room.spectators, "only a spectator is removed")
    return become(access=access.without(room.access, event.name), spectators=_without(room.spectators, event.name))


def locked(room: Room, event: e.Locked, become: Become) -> Room:
    return become(access=room.access._replace(locked=event.on))


def said(room: Room, event: e.Said, become: Become) -> Room:
    check(
        room.has(event.by) and event.seat == room.seat_of(event.by),
        "a message is from a person in the room, with their seat",
    )
    line = chat.Line(room.version + 1, event.by, event.seat, event.text, event.at, event.date)
    return become(talk=chat.said(room.talk, line))


def closed(room: Room, event: e.Closed, become: Become) -> Room:
    return become(
        phase="closed",
        spectators=(),
        away=dict.fromkeys(room.players, event.at),
        selection=None,
        clock=None if room.clock is None else clocks.stop(room.clock, event.at),
        offers=offers.NO_OFFERS,
    )


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    if name not in names:
        return names
    at = names.index(name)
    return names[:at] + names[at + 1 :]
