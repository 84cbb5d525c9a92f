"""Which games there are. A new game is a line here.

Apart from ``rules``, because the games import that; rooms and the front door ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from game.errors import InvalidArgument
from game.games.selection import Choices, Selection
from game.games.tictactoe import BOARDS
from game.games.tictactoe import rules_with as tictactoe
from game.rules import SEATS, Rules

_GAMES: dict[str, Callable[[Mapping[str, object]], Rules]] = {"tictactoe": tictactoe}
_BOARDS: dict[str, Mapping[str, Mapping[str, object]]] = {"tictactoe": BOARDS}

DEFAULT_GAME = "tictactoe"
PLAYERS_OF_A_MATCH = len(SEATS)
BEST_OFS = (1, 3, 5)
CLOCKS = ("none", "10s", "1+1", "3+2")
"""What the players of a match can choose of, whatever the game; see ``clock.clock_rule``."""


def boards_of(game: str) -> Mapping[str, Mapping[str, object]]:
    """The options of the boards on which a match of that game can be played, by their names."""
    return _BOARDS[game]


def short_list(game: str) -> Choices:
    """What the players of a match can choose of."""
    return Choices(tuple(boards_of(game)), BEST_OFS, CLOCKS)


def still_playable(game: str, selection: Selection) -> Selection:
    """The selection without what is on the short list no more; of what nothing is left, all that there is now.

    What is being selected outlives the servers, and those after an upgrade may know other boards.
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
