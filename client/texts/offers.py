"""Texts of offers, rematches and games to claim, and why an offer did not succeed. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from client.room_news import News
from client.texts.games import called, name_in
from game.forms.room_view import View
from game.match.offers import OFFER_KINDS, OfferKind
from game.rooms.events import Declined, Event, Moved, Offered, RematchDeclined, RematchWanted
from game.rules import other

ACCEPT = "Accept"
DECLINE = "Decline"
WITHDRAW = "Withdraw"
CLAIM_WIN = "Claim victory"
CLAIM_DRAW = "Claim a draw"
ACTIONS: Mapping[OfferKind, str] = {
    "draw": "Offer a draw",
    "takeback": "Ask for a takeback",
    "abort": "Ask to abort the game",
}
_VERBS: Mapping[OfferKind, tuple[str, str]] = {
    "draw": ("offer", "a draw"),
    "takeback": ("ask", "for a takeback"),
    "abort": ("ask", "to abort the game"),
}
_DECLINED: Mapping[OfferKind, str] = {
    "draw": "declined the draw",
    "takeback": "declined the takeback",
    "abort": "declined to abort the game",
}
_ENDED: Mapping[OfferKind, str] = {
    "draw": "your draw offer",
    "takeback": "your request for a takeback",
    "abort": "your request to abort the game",
}


def pending(name: str, what: OfferKind) -> str:
    """Return who offers what; the name is empty for the user."""
    verb, rest = _VERBS[what]
    return f"{name} {verb}s {rest}" if name else f"You {verb} {rest}"


def next_game_in(seconds: int) -> str:
    """Return when the next game of a series starts."""
    return f"The next game starts in {seconds} s"


def rematch(countdown: str, opponent: str, *, offered: bool) -> str:
    """Return the state of a rematch, or of the next game if there is a countdown.

    ``offered``: the user has offered it or is ready; otherwise the opponent is.
    """
    if countdown:
        return f"{countdown}, or when {opponent} is ready" if offered else f"{countdown}; {opponent} is ready"
    return f"You offer {opponent} a rematch" if offered else offers_rematch(opponent)


def offers_rematch(name: str) -> str:
    """Return that a player offers a rematch."""
    return f"{name} offers a rematch"


def away(name: str, seconds: int) -> str:
    """Return that a player is away, and when the opponent can claim the game; now for 0."""
    return f"{name} is away: you can claim the game" + (f" in {seconds} s" if seconds else "")


def outcome(before: View | None, news: News, me: str) -> str:
    """Return the sentence about the user's latest offer that was declined or not answered; empty if there is none.

    ``before``: the room before the news.
    """
    seat = news.view.seat_of(me)
    if before is None or seat is None:
        return ""
    opponent = called(news.view, name_in(news.view, other(seat)))
    pending = {*before.offers_of(before.seat_of(me))}
    rematch_offered = before.seat_of(me) in before.rematch
    if news.gap:  # the events are missing, only their result is known
        same_game = before.game_number == news.view.game_number and news.view.phase == "playing"
        return _unanswered(opponent, pending - {*news.view.offers_of(seat)}) if same_game else ""
    text = ""
    for _, event in news.events:
        if event.by == me:
            pending, rematch_offered = _after_own(event, pending, rematch_offered)
        elif isinstance(event, Declined) and not event.withdrawn:
            text, pending = f"{opponent} {_DECLINED[event.what]}", pending - {event.what}
        elif isinstance(event, RematchDeclined) and rematch_offered:
            text, rematch_offered = f"{opponent} declined the rematch", False
        elif isinstance(event, Moved):
            text, pending = _unanswered(opponent, pending) or text, set()
    return text


def _after_own(event: Event, pending: set[OfferKind], rematch_offered: bool) -> tuple[set[OfferKind], bool]:
    """Return the user's pending offers, and whether the rematch offer is pending, after an event of the user."""
    if isinstance(event, Offered):
        return pending | {event.what}, rematch_offered
    if isinstance(event, Declined):
        return pending - {event.what}, rematch_offered
    if isinstance(event, Moved):
        return set(), rematch_offered
    if isinstance(event, (RematchWanted, RematchDeclined)):
        return pending, isinstance(event, RematchWanted)
    return pending, rematch_offered


def _unanswered(opponent: str, lost: set[OfferKind]) -> str:
    """Return the sentence for offers that ended with the opponent's move: an offer is pending until the next move."""
    what = " and ".join(_ENDED[kind] for kind in OFFER_KINDS if kind in lost)
    return f"{opponent} moved, which ended {what}" if what else ""
