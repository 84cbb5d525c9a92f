"""Which games there are. A new game is a line here.

Apart from ``rules``, because the games import that; rooms and the front door ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from game.errors import InvalidArgument
from game.rules import Rules
from game.tictactoe import rules_with as tictactoe

_GAMES: dict[str, Callable[[Mapping[str, object]], Rules]] = {"tictactoe": tictactoe}

DEFAULT_GAME = "tictactoe"


def rules_named(game: object, options: object) -> Rules:
    """The rules of a game with its options; those left out have their defaults, unknown ones are ignored.

    Rules of the same game and options are the same object. Raises InvalidArgument for an unknown game or an option of
    the wrong type or range.
    """
    make = _GAMES.get(game) if isinstance(game, str) else None
    if make is None:
        raise InvalidArgument(f"game must be one of {', '.join(sorted(_GAMES))}")
    if not isinstance(options, Mapping):
        raise InvalidArgument("options must be a dictionary")
    return make(options)
