"""How an event changes a room: ``evolve``. A room is its events; this is what they add up to.

An event is a fact: one that cannot have happened here is a broken invariant, and nobody is there to be refused. What
belongs to one section of a room alone (clock, offers, talk, …) that section's own module works out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from game import clock as clocks
from game import entry, offers, selection, talk
from game import events as e
from game.errors import InvariantBroken, Refusal, check
from game.events import Event
from game.games import rules_named
from game.requests import Answer, Requests, forget_the_long_gone, remembered
from game.room import Room
from game.rules import Outcome, Seat

_Become = Callable[..., Room]
"""The room with the new version and with these of its fields changed; made once an event, since copying it costs."""


def evolve(room: Room, event: Event) -> Room:
    """The room after one more event of those that ``decide`` makes.

    Raises InvariantBroken, and never a Refusal, for an event that cannot have happened here.
    """
    check(room.phase != "closed", "nothing happens in a closed room")
    check((room.phase == "new") == isinstance(event, e.Created), "a room begins with being created, once")
    version = room.version + 1
    become = partial(
        room._replace, version=version, at=max(room.at, event.at), requests=_remember(room, version, event)
    )
    try:
        return _CHANGES[type(event)](room, event, become)
    except Refusal as refusal:
        raise InvariantBroken(f"an event of room {room.id} cannot have happened: {refusal.message}") from refusal


# -- who is there -------------------------------------------------------------------------------------------------


def _created(_room: Room, event: e.Created, become: _Become) -> Room:
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
        entry=entry.Entry(event.code) if event.code else entry.OPEN,
    )


def _seated(room: Room, event: e.Seated, become: _Become) -> Room:
    check(room.seat_of(event.by) is None, "a player has one seat")
    check(room.seats[event.seat] is None, "a seat has one owner")
    return become(seats={**room.seats, event.seat: event.by}, spectators=_without(room.spectators, event.by))


def _watched(room: Room, event: e.Watched, become: _Become) -> Room:
    check(room.seat_of(event.by) is None, "a player does not watch")
    check(event.by not in room.spectators, "nobody watches twice")
    return become(spectators=(*room.spectators, event.by))


def _returned(room: Room, event: e.Returned, become: _Become) -> Room:
    check(event.by in room.away, "only who was away returns")
    return become(away={name: since for name, since in room.away.items() if name != event.by})


def _left(room: Room, event: e.Left, become: _Become) -> Room:
    name = event.by
    check(room.has(name), "only who is in the room leaves it")
    if room.seat_of(name) is None:
        return become(spectators=_without(room.spectators, name))
    return become(away={**room.away, name: max(0, event.at - event.unseen_ms)})


def _removed(room: Room, event: e.Removed, become: _Become) -> Room:
    check(room.seat_of(event.name) is None, "a player cannot be removed")
    return become(entry=entry.without(room.entry, event.name), spectators=_without(room.spectators, event.name))


def _locked(room: Room, event: e.Locked, become: _Become) -> Room:
    return become(entry=room.entry._replace(locked=event.on))


def _closed(room: Room, event: e.Closed, become: _Become) -> Room:
    return become(phase="closed", spectators=(), away=dict.fromkeys(room.players, event.at))


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    if name not in names:
        return names
    at = names.index(name)
    return names[:at] + names[at + 1 :]


# -- what is played -----------------------------------------------------------------------------------------------


def _selecting(room: Room, event: e.Selecting, become: _Become) -> Room:
    check(room.phase == "waiting" and None not in room.seats.values(), "a match begins with its players")
    choices = selection.Choices(event.boards, event.best_ofs, event.clocks)
    return become(phase="selecting", selection=selection.Selection(choices, event.until))


def _proposed(room: Room, event: e.Proposed, become: _Become) -> Room:
    if room.selection is None:
        raise InvariantBroken("proposals are made while something is selected")
    proposal = selection.Proposal(event.board, event.best_of, event.clock)
    return become(selection=selection.propose(room.selection, event.seat, proposal))


def _agreed(room: Room, event: e.Agreed, become: _Become) -> Room:
    check(room.phase == "selecting", "what is played is agreed once")
    return become(
        phase="waiting",
        selection=None,
        rules=rules_named(room.game, event.options),
        best_of=event.best_of,
        clock_rule=clocks.clock_rule(event.clock),
    )


def _started(room: Room, event: e.Started, become: _Become) -> Room:
    check(room.phase in ("waiting", "finished"), "one game runs at a time")
    check({event.seat_x, event.seat_o} == set(room.players), "a game is played by the owners of both seats")
    check(event.number == room.game_number + 1, "games are numbered one after the other")
    opening = room.rules.opening()
    turn = room.rules.to_move(opening)
    anew = {"wins": {}, "draws": 0} if room.series_is_over else {}
    return become(
        phase="playing",
        seats={"X": event.seat_x, "O": event.seat_o},
        position=opening,
        moves=(),
        outcome=None,
        game_number=event.number,
        started_on=event.date,
        rematch=(),
        offers=offers.NO_OFFERS,
        clock=None if turn is None else clocks.start(room.clock_rule, turn, event.at),
        **anew,
    )


def _moved(room: Room, event: e.Moved, become: _Become) -> Room:
    check(room.phase == "playing", "moves are made while a game is running")
    check(room.rules.to_move(room.position) == event.seat, "seats move in turn")
    position = room.rules.play(room.position, event.seat, event.move)
    return become(
        position=position,
        moves=(*room.moves, (event.seat, event.move)),
        clock=None if room.clock is None else clocks.press(room.clock, event.at),
        offers=offers.NO_OFFERS,
    )


def _taken_back(room: Room, event: e.TakenBack, become: _Become) -> Room:
    check(room.phase == "playing" and 0 < event.count <= len(room.moves), "moves of a running game are taken back")
    moves = room.moves[: -event.count]
    position = room.rules.opening()
    for seat, move in moves:
        position = room.rules.play(position, seat, move)
    turn = room.rules.to_move(position)
    check(turn is not None, "before its last moves a game was not over")
    return become(
        position=position,
        moves=moves,
        clock=None if room.clock is None or turn is None else clocks.turn_to(room.clock, turn, event.at),
        offers=offers.NO_OFFERS,
    )


def _finished(room: Room, event: e.Finished, become: _Become) -> Room:
    check(room.phase == "playing", "a game that is running finishes")
    over = partial(
        become,
        phase="finished",
        outcome=Outcome(event.termination, event.winner, event.line),
        finished_at=event.at,
        clock=None if room.clock is None else clocks.stop(room.clock, event.at),
        offers=offers.NO_OFFERS,
    )
    if event.termination == "aborted":
        return over()
    if event.winner is None:
        return over(draws=room.draws + 1)
    winner = room.seats[event.winner]
    if winner is None:
        raise InvariantBroken("a game has two players")
    return over(wins={**room.wins, winner: room.wins.get(winner, 0) + 1})


# -- what is agreed and said --------------------------------------------------------------------------------------


def _rematch_wanted(room: Room, event: e.RematchWanted, become: _Become) -> Room:
    check(event.seat not in room.rematch, "nobody wishes for the same twice")
    return become(rematch=(*room.rematch, event.seat))


def _rematch_declined(_room: Room, _event: e.RematchDeclined, become: _Become) -> Room:
    return become(rematch=())


def _offered(room: Room, event: e.Offered, become: _Become) -> Room:
    check(room.phase == "playing", "offers are made during a game")
    return become(offers=offers.offered(room.offers, event.seat, event.what))


def _declined(room: Room, event: e.Declined, become: _Become) -> Room:
    check((event.seat, event.what) in room.offers.standing, "an offer that stands is declined")
    return become(offers=offers.ended(room.offers, event.seat, event.what, declined=not event.withdrawn))


def _said(room: Room, event: e.Said, become: _Become) -> Room:
    line = talk.Line(room.version + 1, event.by, event.seat, event.text, event.at, event.date)
    return become(talk=talk.said(room.talk, line))


_CHANGES: dict[type, Callable[[Room, Any, _Become], Room]] = {
    e.Created: _created,
    e.Seated: _seated,
    e.Watched: _watched,
    e.Returned: _returned,
    e.Left: _left,
    e.Removed: _removed,
    e.Locked: _locked,
    e.Closed: _closed,
    e.Selecting: _selecting,
    e.Proposed: _proposed,
    e.Agreed: _agreed,
    e.Started: _started,
    e.Moved: _moved,
    e.TakenBack: _taken_back,
    e.Finished: _finished,
    e.RematchWanted: _rematch_wanted,
    e.RematchDeclined: _rematch_declined,
    e.Offered: _offered,
    e.Declined: _declined,
    e.Said: _said,
}


# -- which requests -----------------------------------------------------------------------------------------------


def _remember(room: Room, version: int, event: Event) -> Requests:
    """The remembered requests with this event's; those of who is long gone are forgotten as others go."""
    requests = remembered(room.requests, event.by, event.request_id, Answer(version, _seat_after(room, event)))
    if isinstance(event, (e.Left, e.Removed, e.Closed)):
        gone = event.name if isinstance(event, e.Removed) else event.by
        watching = () if isinstance(event, e.Closed) else _without(room.spectators, gone)
        forget_the_long_gone(requests, (*room.players, *watching))
    return requests


def _seat_after(room: Room, event: Event) -> Seat | None:
    """The seat that the event leaves its causer with."""
    if isinstance(event, e.Seated):
        return event.seat
    seat = room.seat_of(event.by)
    if isinstance(event, e.Started) and seat is not None:
        return "X" if event.by == event.seat_x else "O"
    return seat
