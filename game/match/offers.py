"""What players may agree on during a game: a draw, a move back, to let the game be. Pure; knows seats and moves alone.

An offer stands until it is accepted, declined or withdrawn, or until the next move. What was declined may be offered
again after the next move, or after moves were taken back, and not before.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from game.errors import InvalidArgument, NoSuchOffer, NotAllowed
from game.rules import Seat, other

Matter = Literal["draw", "takeback", "abort"]
MATTERS: tuple[Matter, ...] = get_args(Matter)
MOVES_BEFORE_ABORT = 2
"""With so many moves made a game has begun in earnest, and can no longer be aborted."""


class Offers(NamedTuple):
    """Whose offers stand, and whose were declined since the last move."""

    standing: tuple[tuple[Seat, Matter], ...] = ()
    declined: tuple[tuple[Seat, Matter], ...] = ()


NO_OFFERS = Offers()


def check_matter(value: object) -> Matter:
    """What can be offered. Raises InvalidArgument."""
    for matter in MATTERS:
        if value == matter:
            return matter
    raise InvalidArgument(f"what must be one of {', '.join(MATTERS)}")


def may_offer(offers: Offers, seat: Seat, matter: Matter, *, moves: int, own_moves: int) -> bool:
    """Whether this is a new offer (False: it stands already). ``moves`` were made in this game, ``own_moves`` of them
    by the seat.

    Raises NotAllowed for what cannot be offered now.
    """
    if (seat, matter) in offers.declined:
        raise NotAllowed("that was declined: offer it again after the next move")
    if matter == "abort" and moves >= MOVES_BEFORE_ABORT:
        raise NotAllowed("a game can be aborted before its second move")
    if matter == "takeback" and not own_moves:
        raise NotAllowed("you have made no move that could be taken back")
    return (seat, matter) not in offers.standing


def offered(offers: Offers, seat: Seat, matter: Matter) -> Offers:
    """With one offer more."""
    return offers._replace(standing=(*offers.standing, (seat, matter)))


def answerable(offers: Offers, seat: Seat, matter: Matter) -> Seat:
    """Whose offer somebody on ``seat`` means who accepts it: the other's. Raises NoSuchOffer if there is none."""
    if (other(seat), matter) not in offers.standing:
        raise NoSuchOffer("the other player offers no such thing (any more)")
    return other(seat)


def declinable(offers: Offers, seat: Seat, matter: Matter) -> Seat:
    """Whose offer somebody on ``seat`` ends: the other's, else the own one. Raises NoSuchOffer if there is neither."""
    for whose in (other(seat), seat):
        if (whose, matter) in offers.standing:
            return whose
    raise NoSuchOffer("nobody offers such a thing (any more)")


def ended(offers: Offers, whose: Seat, matter: Matter, *, declined: bool) -> Offers:
    """Without that offer; ``declined`` by the other, or withdrawn."""
    return Offers(
        tuple(offer for offer in offers.standing if offer != (whose, matter)),
        (*offers.declined, (whose, matter)) if declined else offers.declined,
    )


def taken_back(movers: tuple[Seat, ...], seat: Seat) -> int:
    """How many moves go when that seat takes its last move back: that one and all after it. ``movers``: who moved."""
    return len(movers) - max(number for number, mover in enumerate(movers) if mover == seat)
