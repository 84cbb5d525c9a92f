"""Which position of a game is shown: the last, or an earlier one, in steps of a move. Pure."""

from __future__ import annotations

MOST_MOVES = 1000
"""More moves than any game has."""


class Steps:
    """A place among the positions of a game."""

    def __init__(self) -> None:
        self.count = 0
        """The number of moves of the game."""
        self.back: int | None = None
        """The number of moves of the shown position, if it is an earlier one; otherwise None."""

    @property
    def shown(self) -> int:
        """The number of moves of the shown position."""
        return self.count if self.back is None else self.back

    @property
    def looks_back(self) -> bool:
        """Whether an earlier position is shown."""
        return self.back is not None

    def go(self, by: int) -> None:
        """Step forward by that many moves, backward if it is negative; never past either end."""
        to = max(0, min(self.count, self.shown + by))
        self.back = None if to == self.count else to

    def to_end(self, count: int) -> None:
        """Show the last position of a game with ``count`` moves."""
        self.count, self.back = count, None
