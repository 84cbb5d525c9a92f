"""Decisions about offers between players, and about chat. Part of ``decide``; pure."""

from __future__ import annotations

from game.context import Context, Limits
from game.errors import NoSuchOffer, NotInRoom
from game.match import offers
from game.match.offers import OfferKind, check_offer_kind
from game.rooms import chat
from game.rooms.commands import Accept, Decline, Offer, Say
from game.rooms.decide_play import returned, seat_in, seat_in_game
from game.rooms.events import Declined, Event, Finished, Offered, RematchDeclined, Said, TakenBack
from game.rooms.state import Room
from game.rules import Seat, other


def offer(room: Room, command: Offer, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Make an offer. If the opponent has made the same offer, accept it instead."""
    by, request_id = command.by, command.request_id
    what = check_offer_kind(command.what)
    seat = seat_in_game(room, by, now)
    returns = returned(room, by, request_id, now)
    if (other(seat), what) in room.offers.pending:
        return *returns, *_agreed(room, by, request_id, other(seat), what, now)
    own_moves = sum(mover == seat for mover, _ in room.moves)
    if not offers.may_offer(room.offers, seat, what, moves=len(room.moves), own_moves=own_moves):
        return returns
    return *returns, Offered(by, request_id, seat, what, at=now.at)


def accept(room: Room, command: Accept, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Accept the opponent's offer and apply it."""
    by, request_id = command.by, command.request_id
    what = check_offer_kind(command.what)
    seat = seat_in_game(room, by, now)
    offerer = offers.answerable(room.offers, seat, what)
    return *returned(room, by, request_id, now), *_agreed(room, by, request_id, offerer, what, now)


def decline(room: Room, command: Decline, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Decline the opponent's offer, or withdraw the own offer."""
    by, request_id = command.by, command.request_id
    if command.what == "rematch":
        seat = seat_in(room, by)
        if not room.rematch:
            raise NoSuchOffer("nobody offers a rematch (any more)")
        return *returned(room, by, request_id, now), RematchDeclined(by, request_id, seat, at=now.at)
    what = check_offer_kind(command.what)
    seat = seat_in_game(room, by, now)
    offerer = offers.declinable(room.offers, seat, what)
    declined = Declined(by, request_id, offerer, what, offerer == seat, at=now.at)
    return *returned(room, by, request_id, now), declined


def _agreed(room: Room, by: str, request_id: str, offerer: Seat, what: OfferKind, now: Context) -> tuple[Event, ...]:
    """Return the events of an offer that both players want."""
    if what == "takeback":
        count = offers.taken_back(tuple(mover for mover, _ in room.moves), offerer)
        return (TakenBack(by, request_id, count, at=now.at),)
    termination = "agreed" if what == "draw" else "aborted"
    return (Finished(by, request_id, termination, None, (), at=now.at),)  # type: ignore[arg-type]


def say(room: Room, command: Say, now: Context, _limits: Limits) -> tuple[Event, ...]:
    """Add a chat line that all in the room can read."""
    by, request_id = command.by, command.request_id
    seat = room.seat_of(by)
    if not room.has(by) and seat is None:
        raise NotInRoom("you are not in this room: join it first")
    chat.check_rate(room.talk, by, seat, now.at)
    text = chat.clean(command.text)
    return *returned(room, by, request_id, now), Said(by, request_id, seat, text, now.date, at=now.at)
