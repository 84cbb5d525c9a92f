"""Texts of offers, rematches and games to claim."""

from __future__ import annotations

from collections.abc import Mapping

from game.match.offers import OfferKind

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
