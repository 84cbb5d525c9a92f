"""Texts of a room's screen."""

from __future__ import annotations

import re

from client.texts.games import room_name, terms
from client.views import View

_INVITATION = re.compile(r"[a-z0-9]{4,16}-[0-9a-f]{1,64}")


def room_title(view: View) -> str:
    """Return the title above a room: its name, if it has one, and what is played there."""
    if view.phase == "selecting":
        return "A match"
    name = room_name(view.title, view.room) if view.title or view.owner else ""
    return "  ·  ".join(part for part in (name, terms(view)) if part)


def watching(view: View) -> str:
    """Return who watches."""
    if not view.spectator_count:
        return "Nobody watches"
    shown = ", ".join(view.spectators[:5])
    more = view.spectator_count - len(view.spectators[:5])
    return f"{view.spectator_count} watching: {shown}{f' and {more} more' if more > 0 else ''}"


def invitation(server: str, room: str) -> str:
    """Return the line to send to an invited person."""
    return f"Play tic-tac-toe with me:  python tictactoe.py --server {server} --room {room}"


def invited_to(text: str) -> str:
    """Return the private room of an invitation ("id-code"); empty if there is none.

    ``text`` can be a whole invitation line: its last word counts.
    """
    last = text.rsplit(maxsplit=1)[-1] if text.split() else ""
    return last if _INVITATION.fullmatch(last) else ""
