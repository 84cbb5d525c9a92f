"""Decisions about offers between players, and about chat. Part of ``decide``; pure."""

from __future__ import annotations

from game.context import Context, Limits
from game.errors import NoSuchOffer, NotInRoom
from game.match import offers
from game.match.offers import OfferKind, check_offer_kind
from game.rooms import chat
from game.rooms.commands import Accept, Decline, Offer, Origin, Say
from game.rooms.decide_play import returned, seat_in, seat_in_game
from game.rooms.events import Declined, Event, Finished, Offered, RematchDeclined, Said, TakenBack
from game.rooms.state import Room
from game.rules import Seat, other


def offer(room: Room, command: Offer, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Make an offer. If the opponent has made the same offer, accept it instead."""
    what = check_offer_kind(command.what)
    seat = seat_in_game(room, command.by, now)
    returns = returned(room, command, now)
    if (other(seat), what) in room.offers.pending:
        return *returns, *_agreed(room, command.origin, other(seat), what, now)
    own_moves = sum(mover == seat for mover, _ in room.moves)
    if not offers.may_offer(room.offers, seat, what, moves=len(room.moves), own_moves=own_moves):
        return returns
    return *returns, Offered(*command.origin, seat, what, at=now.at)


def accept(room: Room, command: Accept, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Accept the opponent's offer and apply it."""
    what = check_offer_kind(command.what)
    seat = seat_in_game(room, command.by, now)
    offerer = offers.answerable(room.offers, seat, what)
    return *returned(room, command, now), *_agreed(room, command.origin, offerer, what, now)


def decline(room: Room, command: Decline, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Decline the opponent's offer, or withdraw the own offer."""
    if command.what == "rematch":
        seat = seat_in(room, command.by)
        if not room.rematch:
            raise NoSuchOffer("nobody offers a rematch (any more)")
        return *returned(room, command, now), RematchDeclined(*command.origin, seat, at=now.at)
    what = check_offer_kind(command.what)
    seat = seat_in_game(room, command.by, now)
    offerer = offers.declinable(room.offers, seat, what)
    declined = Declined(*command.origin, offerer, what, offerer == seat, at=now.at)
    return *returned(room, command, now), declined


def _agreed(room: Room, origin: Origin, offerer: Seat, what: OfferKind, now: Context) -> tuple[Event, ...]:
    """Return the events of an offer that both players want."""
    if what == "takeback":
        count = offers.taken_back(tuple(mover for mover, _ in room.moves), offerer)
        return (TakenBack(*origin, count, at=now.at),)
    termination = "agreed" if what == "draw" else "aborted"
    return (Finished(*origin, termination, None, (), at=now.at),)  # type: ignore[arg-type]


def say(room: Room, command: Say, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Add a chat line that all in the room can read."""
    seat = room.seat_of(command.by)
    if not room.has(command.by) and seat is None:
        raise NotInRoom("you are not in this room: join it first")
    chat.check_rate(room.talk, command.by, seat, now.at)
    text = chat.clean(command.text)
    return *returned(room, command, now), Said(*command.origin, seat, text, now.date, at=now.at)
