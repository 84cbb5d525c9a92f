"""Values that the checks of remote methods accept, by the argument's name: what hostile tests put beside bad ones.

One table for all methods; an argument that a new method has is a line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from client.player import new_recovery_code
from tests.conftest import Game

MADE_ANEW = "request_id"
"""The one argument of which a value is good once."""
CAN_BE_CALLED_WITH_NOTHING = frozenset({"rooms", "wait_rooms", "leaderboard", "games"})


def good_arguments(game: Game) -> Mapping[str, tuple[object, ...]]:
    """Of each argument some values, the first of them what a player in that game would say. Nobody else's state depends
    on any of them.
    """
    return {
        "token": (game.ada.token, game.bob.token, "t" * 43),
        MADE_ANEW: ("",),
        "room": (game.x.id, "nosuchroom"),
        "name": (game.ada.name, game.ada.name.upper(), game.bob.name, "eve"),
        "after_version": (0, 1, 5, 20),
        "timeout_s": (0.0, 0, 0.001),
        "form": ("view", "state", "checksum"),
        "role": ("player", "spectator"),
        "code": (new_recovery_code(),),
        "invite_code": ("", "0123456789ab", "\uff10" * 12),
        "move": (0, 4, 8),
        "result": ("win", "draw"),
        "proposal": (
            {"board": "3x3", "best_of": 3, "clock": "none"},
            {"board": "3x3", "best_of": 3.0, "clock": []},
            {"board": {}, "best_of": [[3]], "clock": None},
            {},
        ),
        "what": ("draw", "takeback", "abort", "rematch"),
        "text": ("hello", "\u202eolleh", "a\x00b\nc", "👩\u200d🚀", " ", "x" * 200, "x" * 1000),
        "on": (True, False),
        "title": ("", "a title"),
        "game": ("tictactoe", "chess"),
        "options": ({}, {"width": 4}, {"width": [3]}, {"height": {}}),
        "terms": (
            {},
            {"best_of": 3, "clock": "1+1", "private": True},
            {"clock": []},
            {"clock": {"a": {}}},
            {"best_of": 3.0},
            {"best_of": [3]},
            {"private": 1},
        ),
        "wish": ({}, {"board": "3x3", "clock": "10s"}, {"board": []}, {"clock": {}}, {"board": None, "clock": 3}),
        "ticket": ("", "3600000-" + "0" * 32, "-", "x" * 60, "\uff11-" + "0" * 32),
        "pool": ("people", "bots"),
        "before": (0, 1, 1 << 53),
        "number": (1, 2, 1 << 53),
        "after": ("", "0", "0-0", "1:1", "0.0", "é"),
        "limit": (1, 20, 100),
    }
