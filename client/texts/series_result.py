"""How a series ended, as a user sees it. Pure."""

from __future__ import annotations

from client.texts.games import called, name_in
from game.forms.room_view import View
from game.match.series import winner
from game.rules import SEATS


def counted(view: View) -> range:
    """Return the numbers of the series' games that count: all except an aborted game."""
    aborted = view.outcome is not None and view.outcome.termination == "aborted"
    last = view.game_number - 1 if aborted else view.game_number
    return range(last - sum(view.wins.values()) - view.draws + 1, last + 1)


def result_text(view: View, me: str) -> str:
    """Return how the series ended, as the user sees it."""
    games = counted(view)
    if not games:
        return "Match aborted"
    names, best = [name_in(view, seat) for seat in SEATS], winner(view.wins)
    seated = me in names
    ours = view.wins.get(me if seated else best or names[0], 0)
    score = f" {ours}–{sum(view.wins.values()) - ours}" if len(games) > 1 else ""
    if best is None:
        return f"Series drawn{score}" if score else "Draw"
    if seated:
        return f"You {'won' if best == me else 'lost'}{score}"
    return f"{called(view, best)} won{score}"


def with_rating(text: str, before: int, after: int) -> str:
    """Return a result with the change of the user's rating."""
    return f"{text} · rating {before} → {after}"
