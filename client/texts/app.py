"""Texts of the frame around all screens: title, menu, windows beside it."""

from __future__ import annotations

from client.texts.phrases import Caption

TITLE = "Tic-tac-toe"
MENU = Caption("Menu", "Cluster view (F12), light or dark (F9), keys (F1), recovery code, sign out, quit")
CLUSTER_VIEW = "Cluster view"
RECORDS = "Leaderboard and games"
THEME = "Light or dark"
KEYS = "Keys"
RECOVERY_CODE = "Recovery code"
SIGN_OUT = "Sign out"
QUIT = "Quit"
SIGN_IN_FOR_SERVERS = "Sign in first, then F12 shows the servers."
SIGN_IN_FOR_CODE = "Sign in first, then you can make a recovery code."


def window_title(name: str, *, my_turn: bool) -> str:
    """Return the title of a window. It is readable while the window is hidden, so the turn is first."""
    return " – ".join(part for part in ("Your turn" if my_turn else "", TITLE, name) if part)


def title_beside(what: str) -> str:
    """Return the title of a window beside the main window."""
    return f"{TITLE} – {what}"


def signed_in_as(name: str, server: str) -> str:
    """Return who is signed in, and where."""
    return f"{name}  ·  {server}"


def no_window(reason: object) -> str:
    """Return why there is no window, and what works without one."""
    return f"No window can be opened: {reason}. Without a display there is: python tictactoe.py demo"
