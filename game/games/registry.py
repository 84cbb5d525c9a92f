"""The games by name. To add a game, add it to ``_GAMES`` and to ``_BOARDS``.

This module is separate from ``rules`` because the games import ``rules``. Rooms and the front door use it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from game.errors import InvalidArgument
from game.games.tictactoe import BOARDS
from game.games.tictactoe import rules_with as tictactoe
from game.match.selection import Choices, Selection
from game.rules import SEATS, Rules

_GAMES: dict[str, Callable[[Mapping[str, object]], Rules]] = {"tictactoe": tictactoe}
_BOARDS: dict[str, Mapping[str, Mapping[str, object]]] = {"tictactoe": BOARDS}

DEFAULT_GAME = "tictactoe"
PLAYERS_OF_A_MATCH = len(SEATS)
"""How many players form a match."""
BEST_OFS = (1, 3, 5)
"""The lengths of a series that the players of a match can choose, in every game."""
CLOCKS = ("none", "10s", "1+1", "3+2")
"""The clocks that the players of a match can choose, in every game; see ``clock.clock_rule``."""


def boards_of(game: str) -> Mapping[str, Mapping[str, object]]:
    """Return the options of each board that a match of that game can be played on, by name."""
    return _BOARDS[game]


def short_list(game: str) -> Choices:
    """Return what the players of a match can choose."""
    return Choices(tuple(boards_of(game)), BEST_OFS, CLOCKS)


def still_playable(game: str, selection: Selection) -> Selection:
    """Return the selection without choices that no longer exist. An empty list is replaced by the present list.

    A selection survives a restart, and servers after an upgrade may have other boards.
    """
    now = short_list(game)
    boards, best_ofs, clocks = selection.choices
    choices = Choices(
        tuple(one for one in boards if one in now.boards) or now.boards,
        tuple(one for one in best_ofs if one in now.best_ofs) or now.best_ofs,
        tuple(one for one in clocks if one in now.clocks) or now.clocks,
    )
    proposals = {
        seat: proposal
        for seat, proposal in selection.proposals.items()
        if all(one in some for one, some in zip(proposal, choices, strict=True))
    }
    return Selection(choices, selection.until, proposals)


def rules_named(game: object, options: object) -> Rules:
    """Return the rules of a game with its options. Missing options have defaults; unknown options are ignored.

    Rules of the same game and options are the same object. Raises InvalidArgument for an unknown game, or an option of
    the wrong type or range.
    """
    make = _GAMES.get(game) if isinstance(game, str) else None
    if make is None:
        raise InvalidArgument(f"game must be one of {', '.join(sorted(_GAMES))}")
    if not isinstance(options, Mapping):
        raise InvalidArgument("options must be a dictionary")
    return make(options)
