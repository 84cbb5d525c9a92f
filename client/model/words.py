"""What the windows say, as pure functions of what is to be said. Short, plain, and the same word for the same thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from client.views import Row, SeatView, View
from game.rules import Seat, other

ONLINE_LETTERS = 60

Tone = Literal["you", "them", "won", "lost", "draw", "quiet"]


@dataclass(frozen=True)
class Headline:
    """The one line above the board."""

    text: str
    tone: Tone


def headline(view: View, me: str) -> Headline:
    """How the room stands, as seen by ``me``."""
    if view.phase == "closed":
        return Headline("This room is closed", "quiet")
    if view.phase == "finished":
        return _result(view, me)
    if view.phase == "waiting" or view.turn is None:
        return _waiting(view, me)
    player = view.seats[view.turn]
    if player is None:
        return Headline("", "quiet")
    if player.name == me:
        return Headline("Your turn", "you")
    away = " — away, the seat is kept" if not player.present else ""
    return Headline(f"{player.name} is to move{away}", "them")


def _waiting(view: View, me: str) -> Headline:
    if view.seat_of(me) is None:
        return Headline("Waiting for players", "quiet")
    return Headline("Waiting for somebody to play with you", "quiet")


def _result(view: View, me: str) -> Headline:
    outcome = view.outcome
    if outcome is None or outcome.winner is None:
        return Headline("A draw", "draw")
    loser = name_in(view, other(outcome.winner))
    resigned = outcome.termination == "resigned"
    if view.winner == me:
        return Headline(f"You won — {loser} resigned" if resigned else "You won!", "won")
    if loser == me:
        return Headline("You resigned" if resigned else f"{view.winner} won", "lost")
    return Headline(f"{view.winner} won — {loser} resigned" if resigned else f"{view.winner} won", "draw")


def name_in(view: View, seat: Seat) -> str:
    """Whose a seat is; empty if nobody's."""
    owner: SeatView | None = view.seats[seat]
    return "" if owner is None else owner.name


def rematch_wish(view: View, me: str) -> str:
    """Who wishes for another game; empty if nobody does, or it is not the time."""
    if view.phase != "finished" or not view.rematch:
        return ""
    mine = view.seat_of(me)
    wishing = [name_in(view, seat) for seat in view.rematch]
    if mine in view.rematch and mine is not None:
        return f"Waiting for {name_in(view, other(mine))} to want a rematch too"
    return f"{wishing[0]} wants a rematch"


def watching(view: View) -> str:
    """Who watches."""
    if not view.spectator_count:
        return "Nobody watches"
    shown = ", ".join(view.spectators[:5])
    more = view.spectator_count - len(view.spectators[:5])
    return f"{view.spectator_count} watching: {shown}{f' and {more} more' if more > 0 else ''}"


def board_size(options: Mapping[str, Any]) -> str:
    """The size of a board: "5×4, 4 in a row"."""
    return f"{options.get('width', 3)}×{options.get('height', 3)}, {options.get('in_a_row', 3)} in a row"


def players(row: Row) -> str:
    """Who plays in a room of the lobby."""
    names = [name for name in row.players.values() if name]
    return " – ".join(names) if names else "nobody yet"


def state(row: Row) -> str:
    """How a room of the lobby stands."""
    if row.phase == "waiting":
        return "free seat"
    return f"game {row.game_number}" if row.phase == "playing" else "finished"


def invitation(server: str, room: str) -> str:
    """What to send to somebody who is to come into a room."""
    return f"Play tic-tac-toe with me:  python tictactoe.py --server {server} --room {room}"


def online(names: Sequence[str], count: int) -> str:
    """Who is online: as many names as fit on a line or two, and how many there are."""
    if not count:
        return ""
    shown: list[str] = []
    for name in names:
        if sum(map(len, shown)) + len(name) > ONLINE_LETTERS:
            break
        shown.append(name)
    more = f" and {count - len(shown)} more" if count > len(shown) else ""
    return f"{count} online: {', '.join(shown)}{more}"


def sentence(text: str) -> str:
    """An error's message as people write: capital and full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def ago(seconds: float) -> str:
    """How long something took or has been going on, short."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:  # noqa: PLR2004  # an hour
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
