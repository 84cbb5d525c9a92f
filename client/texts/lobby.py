"""Texts of the lobby."""

from __future__ import annotations

from collections.abc import Sequence

from client.views import Row

ONLINE_LETTERS = 60
_STATES = {"waiting": "free seat", "selecting": "choosing", "finished": "finished"}


def players(row: Row) -> str:
    """Return who plays in a room of the lobby."""
    names = [name for name in row.players.values() if name]
    return " – ".join(names) if names else "nobody yet"


def state(row: Row) -> str:
    """Return the state of a room of the lobby."""
    if row.phase == "playing":
        return f"game {row.game_number}"
    return _STATES.get(row.phase, row.phase)


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
