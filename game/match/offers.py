"""Offers between players during a game: draw, takeback, abort. Pure; depends on seats and moves alone.

An offer is pending until it is accepted, declined or withdrawn, or until the next move. A declined offer can be
repeated only after the next move or a takeback.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from game.errors import InvalidArgument, NoSuchOffer, NotAllowed
from game.rules import Seat, other

OfferKind = Literal["draw", "takeback", "abort"]
OFFER_KINDS: tuple[OfferKind, ...] = get_args(OfferKind)
MOVES_BEFORE_ABORT = 2
"""From this number of moves on, a game can no longer be aborted."""


class Offers(NamedTuple):
    """``pending``: the pending offers. ``declined``: those declined since the last move. Each is (seat, kind)."""

    pending: tuple[tuple[Seat, OfferKind], ...] = ()
    declined: tuple[tuple[Seat, OfferKind], ...] = ()


NO_OFFERS = Offers()


def check_offer_kind(value: object) -> OfferKind:
    """Return the value if it can be offered. Raises InvalidArgument."""
    for kind in OFFER_KINDS:
        if value == kind:
            return kind
    raise InvalidArgument(f"what must be one of {', '.join(OFFER_KINDS)}")


def may_offer(offers: Offers, seat: Seat, kind: OfferKind, *, moves: int, own_moves: int) -> bool:
    """Return whether the offer is new; False if it is already pending.

    ``moves``: moves of this game. ``own_moves``: moves of this seat among them. Raises NotAllowed for an offer that is
    impossible now.
    """
    if (seat, kind) in offers.declined:
        raise NotAllowed("your opponent declined this offer: repeat it after the next move")
    if kind == "abort" and moves >= MOVES_BEFORE_ABORT:
        raise NotAllowed("a game can be aborted before its second move")
    if kind == "takeback" and not own_moves:
        raise NotAllowed("you have made no move that could be taken back")
    return (seat, kind) not in offers.pending


def offered(offers: Offers, seat: Seat, kind: OfferKind) -> Offers:
    """Return the offers with one more."""
    return offers._replace(pending=(*offers.pending, (seat, kind)))


def answerable(offers: Offers, seat: Seat, kind: OfferKind) -> Seat:
    """Return the seat of the offer that ``seat`` can accept: the opponent's. Raises NoSuchOffer if there is none."""
    if (other(seat), kind) not in offers.pending:
        raise NoSuchOffer("your opponent has no such offer pending")
    return other(seat)


def declinable(offers: Offers, seat: Seat, kind: OfferKind) -> Seat:
    """Return the seat of the offer that ``seat`` can end: the opponent's, else the own seat. Raises NoSuchOffer."""
    for offerer in (other(seat), seat):
        if (offerer, kind) in offers.pending:
            return offerer
    raise NoSuchOffer("no such offer is pending")


def ended(offers: Offers, offerer: Seat, kind: OfferKind, *, declined: bool) -> Offers:
    """Return the offers without this one. ``declined``: by the opponent; else it was withdrawn."""
    return Offers(
        tuple(offer for offer in offers.pending if offer != (offerer, kind)),
        (*offers.declined, (offerer, kind)) if declined else offers.declined,
    )


def taken_back(movers: tuple[Seat, ...], seat: Seat) -> int:
    """Return how many moves a takeback of ``seat`` removes: its last move and all after it.

    ``movers``: the seat of each move. The seat must have moved.
    """
    return len(movers) - max(number for number, mover in enumerate(movers) if mover == seat)
