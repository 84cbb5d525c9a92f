"""What players can agree on, as bars: a line with buttons for an offer, a rematch or a game to claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from client.desktop.model.room.clocks import seconds_until
from client.texts import offers as texts
from client.texts.games import called, name_in
from game.forms.room_view import View
from game.match.offers import MOVES_BEFORE_ABORT, OFFER_KINDS, OfferKind
from game.rules import Seat, other

CLAIM_AFTER_MS = 60_000
"""The default absence in ms after which a game can be claimed. The servers' settings can change it."""
AWAY_SHOWN_MS = 5_000
"""Shorter absences are not shown, in ms."""

Verb = Literal["accept", "decline", "claim"]


class BarButton(NamedTuple):
    """A button of a bar: its text, its effect, and the offer or the claimed result."""

    text: str
    verb: Verb
    what: OfferKind | Literal["rematch", "win"]


class Bar(NamedTuple):
    """A line under the board."""

    text: str
    replies: tuple[BarButton, ...] = ()


def bars(view: View, me: str, at: int, *, claim_after_ms: int = CLAIM_AFTER_MS) -> tuple[Bar, ...]:
    """Return the bars to show at a service time."""
    seat = view.seat_of(me)
    shown = [_offer(view, seat, offerer, what) for offerer, what in view.offers]
    if view.phase == "finished":
        shown += _next_game(view, seat, at)
    elif view.phase == "playing" and seat is not None:
        shown += _away(view, seat, at, claim_after_ms)
    return tuple(shown)


def may_be_offered(view: View, seat: Seat | None) -> tuple[OfferKind, ...]:
    """Return what that seat could offer now. The servers refuse an offer that was declined since the last move."""
    if seat is None or view.phase != "playing":
        return ()
    moved = any(mover == seat for mover, _ in view.moves)
    may: Mapping[OfferKind, bool] = {"draw": True, "takeback": moved, "abort": len(view.moves) < MOVES_BEFORE_ABORT}
    pending = view.offers_of(seat)
    return tuple(what for what in OFFER_KINDS if may[what] and what not in pending)


def _offer(view: View, seat: Seat | None, offerer: Seat, what: OfferKind) -> Bar:
    if offerer == seat:
        return Bar(texts.pending("", what), (BarButton(texts.WITHDRAW, "decline", what),))
    text = texts.pending(called(view, name_in(view, offerer)), what)
    if seat is None:
        return Bar(text)
    return Bar(text, (BarButton(texts.ACCEPT, "accept", what), BarButton(texts.DECLINE, "decline", what)))


def _next_game(view: View, seat: Seat | None, at: int) -> list[Bar]:
    """Return the bars before the next game.

    In a series it starts by itself, otherwise when both players want a rematch.
    """
    countdown = "" if view.due_at is None else texts.next_game_in(seconds_until(view.due_at, at))
    if seat is None or not view.rematch:
        offers = "".join(texts.offers_rematch(called(view, name_in(view, offerer))) for offerer in view.rematch[:1])
        return [Bar(countdown or offers)] if countdown or offers else []
    offered = seat in view.rematch
    text = texts.rematch(countdown, called(view, name_in(view, other(seat))), offered=offered)
    reply = BarButton(texts.WITHDRAW if offered else texts.DECLINE, "decline", "rematch")
    return [Bar(text) if countdown else Bar(text, (reply,))]


def _away(view: View, seat: Seat, at: int, claim_after_ms: int) -> list[Bar]:
    opponent = view.seats[other(seat)]
    if opponent is None or opponent.away_since is None:
        return []
    away_ms = at - opponent.away_since
    if away_ms >= claim_after_ms:
        replies = (BarButton(texts.CLAIM_WIN, "claim", "win"), BarButton(texts.CLAIM_DRAW, "claim", "draw"))
        return [Bar(texts.away(opponent.name, 0), replies)]
    if away_ms < AWAY_SHOWN_MS:
        return []
    wait_s = seconds_until(opponent.away_since + claim_after_ms, at)
    return [Bar(texts.away(opponent.name, wait_s))]
