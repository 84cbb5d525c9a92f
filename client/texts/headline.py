"""The line above the board: the state of the room, as the user sees it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from client.texts.games import called, name_in
from game.forms.room_view import View
from game.rules import Outcome, Termination, other

Tone = Literal["you", "them", "won", "lost", "draw", "quiet"]


@dataclass(frozen=True)
class Headline:
    """The text, and its tone for the colour."""

    text: str
    tone: Tone


_WHY_LOST: dict[Termination, str] = {"resigned": "{} resigned", "time": "{}’s time is up", "left": "{} left the game"}
_LOST: dict[Termination, str] = {"resigned": "You resigned", "time": "Your time is up"}
_NOBODY_WON: dict[Termination, str] = {
    "agreed": "Draw by agreement",
    "left": "Draw — a player left the game",
    "aborted": "Game aborted",
}


def headline(view: View, me: str) -> Headline:
    """Return the state of the room, as ``me`` sees it."""
    if view.phase == "closed":
        return Headline("This room is closed", "quiet")
    if view.phase == "finished":
        return _result(view, me)
    if view.phase == "selecting":
        if view.seat_of(me) is None:
            return Headline("The players choose what to play", "quiet")
        return Headline("Choose what to play", "you")
    if view.phase == "waiting" or view.turn is None:
        return Headline("Waiting for players" if view.seat_of(me) is None else "Waiting for an opponent", "quiet")
    player = view.seats[view.turn]
    if player is None:
        return Headline("", "quiet")
    if player.name == me:
        return Headline("Your turn", "you")
    away = " — away, the seat is kept" if not player.present else ""
    return Headline(f"{called(view, player.name)} is to move{away}", "them")


def _result(view: View, me: str) -> Headline:
    outcome = view.outcome
    if outcome is None or outcome.winner is None:
        return Headline("Draw" if outcome is None else _NOBODY_WON.get(outcome.termination, "Draw"), "draw")
    winner, loser = name_in(view, outcome.winner), name_in(view, other(outcome.winner))
    if winner == me:
        return Headline(f"You won{_why(view, outcome)}" if outcome.termination in _WHY_LOST else "You won!", "won")
    if loser == me:
        return Headline(_LOST.get(outcome.termination, f"{called(view, winner)} won"), "lost")
    return Headline(f"{called(view, winner)} won{_why(view, outcome)}", "draw")


def _why(view: View, outcome: Outcome) -> str:
    """Return why the opponent lost, if the board does not show it."""
    why = _WHY_LOST.get(outcome.termination)
    return "" if why is None or outcome.winner is None else f" — {why.format(name_in(view, other(outcome.winner)))}"
