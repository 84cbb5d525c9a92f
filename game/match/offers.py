"""Offers between players during a game: draw, takeback, abort. Pure; depends on seats and moves alone.

An offer is pending until it is accepted, declined or withdrawn, or until the next move. A declined offer can be
repeated only after the next move or a takeback.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from game.errors import InvalidArgument, NoSuchOffer, NotAllowed
from game.rules import Seat, other

Matter = Literal["draw", "takeback", "abort"]
MATTERS: tuple[Matter, ...] = get_args(Matter)
MOVES_BEFORE_ABORT = 2
"""From this number of moves on, a game can no longer be aborted."""


class Offers(NamedTuple):
    """``standing``: the pending offers. ``declined``: those declined since the last move. Each is (seat, matter)."""

    standing: tuple[tuple[Seat, Matter], ...] = ()
    declined: tuple[tuple[Seat, Matter], ...] = ()


NO_OFFERS = Offers()


def check_matter(value: object) -> Matter:
    """Return the value if it can be offered. Raises InvalidArgument."""
    for matter in MATTERS:
        if value == matter:
            return matter
    raise InvalidArgument(f"what must be one of {', '.join(MATTERS)}")


def may_offer(offers: Offers, seat: Seat, matter: Matter, *, moves: int, own_moves: int) -> bool:
    """Return whether the offer is new; False if it is already pending.

    ``moves``: moves of this game. ``own_moves``: moves of this seat among them. Raises NotAllowed for an offer that is
    impossible now.
    """
    if (seat, matter) in offers.declined:
        raise NotAllowed("your opponent declined this offer: repeat it after the next move")
    if matter == "abort" and moves >= MOVES_BEFORE_ABORT:
        raise NotAllowed("a game can be aborted before its second move")
    if matter == "takeback" and not own_moves:
        raise NotAllowed("you have made no move that could be taken back")
    return (seat, matter) not in offers.standing


def offered(offers: Offers, seat: Seat, matter: Matter) -> Offers:
    """Return the offers with one more."""
    return offers._replace(standing=(*offers.standing, (seat, matter)))


def answerable(offers: Offers, seat: Seat, matter: Matter) -> Seat:
    """Return the seat of the offer that ``seat`` can accept: the opponent's. Raises NoSuchOffer if there is none."""
    if (other(seat), matter) not in offers.standing:
        raise NoSuchOffer("your opponent has no such offer pending")
    return other(seat)


def declinable(offers: Offers, seat: Seat, matter: Matter) -> Seat:
    """Return the seat of the offer that ``seat`` can end: the opponent's, else the own seat. Raises NoSuchOffer."""
    for whose in (other(seat), seat):
        if (whose, matter) in offers.standing:
            return whose
    raise NoSuchOffer("no such offer is pending")


def ended(offers: Offers, whose: Seat, matter: Matter, *, declined: bool) -> Offers:
    """Return the offers without this one. ``declined``: by the opponent; else it was withdrawn."""
    return Offers(
        tuple(offer for offer in offers.standing if offer != (whose, matter)),
        (*offers.declined, (whose, matter)) if declined else offers.declined,
    )


def taken_back(movers: tuple[Seat, ...], seat: Seat) -> int:
    """Return how many moves a takeback of ``seat`` removes: its last move and all after it.

    ``movers``: the seat of each move. The seat must have moved.
    """
    return len(movers) - max(number for number, mover in enumerate(movers) if mover == seat)
