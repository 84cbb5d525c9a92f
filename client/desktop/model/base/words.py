"""The texts of the windows, as pure functions. Short and plain, with the same word for the same thing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from client.views import Row, SeatView, View
from game.errors import TicTacToeError
from game.rules import Seat
from wire.errors import Diverged, StorageFailed

ONLINE_LETTERS = 60
_INVITATION = re.compile(r"[a-z0-9]{4,16}-[0-9a-f]{1,64}")
_STATES = {"waiting": "free seat", "selecting": "choosing", "finished": "finished"}


def name_in(view: View, seat: Seat) -> str:
    """Return the name of a seat's player; empty for a free seat."""
    owner: SeatView | None = view.seats[seat]
    return "" if owner is None else owner.name


def called(view: View, name: str) -> str:
    """Return a person's or bot's name in a room; a bot is marked as a bot."""
    return called_in(view.bots, name)


def called_in(bots: Sequence[str], name: str) -> str:
    """Return a name, marked if it is among ``bots``."""
    return f"{name} (bot)" if name in bots else name


def watching(view: View) -> str:
    """Return who watches."""
    if not view.spectator_count:
        return "Nobody watches"
    shown = ", ".join(view.spectators[:5])
    more = view.spectator_count - len(view.spectators[:5])
    return f"{view.spectator_count} watching: {shown}{f' and {more} more' if more > 0 else ''}"


def board_size(options: Mapping[str, Any]) -> str:
    """Return the size of a board: "5×4, 4 in a row"."""
    return f"{options.get('width', 3)}×{options.get('height', 3)}, {options.get('in_a_row', 3)} in a row"


def shortened(text: str, most: int) -> str:
    """Return the text, cut to ``most`` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def clock(rule: str) -> str:
    """Return a clock rule as text: "no clock", "10 s a move", "3 min + 2 s"."""
    if rule == "none":
        return "no clock"
    minutes, plus, more = rule.partition("+")
    return f"{minutes} min + {more} s" if plus else f"{rule[:-1]} s a move"


def series(best_of: int) -> str:
    """Return the length of a series as text: "one game", "best of 3"; empty for a series without end."""
    return "" if not best_of else "one game" if best_of == 1 else f"best of {best_of}"


def terms(of: Row | View) -> str:
    """Return what is played in a room: the board and, if there are any, the series and the clock."""
    parts = [board_size(of.options), series(of.best_of), "" if of.clock == "none" else clock(of.clock)]
    return " · ".join(part for part in parts if part)


def brief_terms(of: Row | View) -> str:
    """Return the terms for a narrow column: "3×3 · best of 3 · 1+1".

    The number in a row is left out if it equals the board's shorter side.
    """
    width, height, in_a_row = (of.options.get(name, 3) for name in ("width", "height", "in_a_row"))
    board = f"{width}×{height}" + ("" if in_a_row == min(width, height) else f", {in_a_row} in a row")
    parts = [board, series(of.best_of), "" if of.clock == "none" else of.clock]
    return " · ".join(part for part in parts if part)


def room_title(view: View) -> str:
    """Return the title above a room: its name, if it has one, and what is played there."""
    if view.phase == "selecting":
        return "A match"
    name = view.title or (f"Room {view.room}" if view.owner else "")
    return "  ·  ".join(part for part in (name, terms(view)) if part)


def players(row: Row) -> str:
    """Return who plays in a room of the lobby."""
    names = [name for name in row.players.values() if name]
    return " – ".join(names) if names else "nobody yet"


def state(row: Row) -> str:
    """Return the state of a room of the lobby."""
    if row.phase == "playing":
        return f"game {row.game_number}"
    return _STATES.get(row.phase, row.phase)


def invitation(server: str, room: str) -> str:
    """Return the line to send to an invited person."""
    return f"Play tic-tac-toe with me:  python tictactoe.py --server {server} --room {room}"


def invited_to(text: str) -> str:
    """Return the private room of an invitation ("id-code"); empty if there is none.

    ``text`` can be a whole invitation line: its last word counts.
    """
    last = text.rsplit(maxsplit=1)[-1] if text.split() else ""
    return last if _INVITATION.fullmatch(last) else ""


def online(names: Sequence[str], count: int) -> str:
    """Return who is online: the names that fit on a line or two, and the number of all."""
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
    """Return an error's message as a sentence, with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def refusal(error: TicTacToeError) -> str:
    """Return the text for a command that the servers refused."""
    if isinstance(error, (StorageFailed, Diverged)):  # not the player's fault, and no other command would succeed
        return f"The servers cannot save anything at the moment: {error.message}. Nothing was changed; try again later."
    return f"That was refused: {error.message}."


def ago(seconds: float) -> str:
    """Return a duration as a short text."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:  # noqa: PLR2004  # an hour
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
