"""The keys of a window, as the page of keys lists them."""

from __future__ import annotations

KEYS = (
    (
        "Everywhere",
        (
            ("Tab", "next field or button"),
            ("Esc", "one step back"),
            ("F1", "these keys"),
            ("F9", "light or dark"),
            ("F12", "cluster view"),
            ("Ctrl+Q", "quit"),
            ("Page Up, Page Down", "previous or next move of the game"),
            ("Home, End", "first or last position"),
            ("← →", "previous or next move, in a finished game"),
        ),
    ),
    (
        "Lobby",
        (
            ("Ctrl+P", "play now: find an opponent"),
            ("↑ ↓, Enter", "select a room, join it"),
            ("W", "watch the selected room"),
            ("Ctrl+N", "new room"),
            ("Ctrl+F", "find a room, or paste an invitation"),
            ("Ctrl+L", "leaderboard and games"),
            ("Ctrl+1 … 3", "return to one of your open games"),
        ),
    ),
    (
        "Room",
        (
            ("← ↑ → ↓, Enter", "select a cell, play"),
            ("R", "rematch, take the seat, or resign (Enter confirms)"),
            ("Y, N", "accept or decline an offer"),
            ("T", "chat; Esc returns to the board"),
            ("I", "copy an invitation"),
        ),
    ),
)
