"""Which position of a game is looked at: the last one, or an earlier one, move by move. Pure."""

from __future__ import annotations


class Steps:
    """A place among the positions of a game."""

    def __init__(self) -> None:
        self.count = 0
        """How many moves the game has."""
        self.back: int | None = None
        """After how many of them the position is that is looked at, if it is an earlier one."""

    @property
    def shown(self) -> int:
        """After how many moves the position is that is looked at."""
        return self.count if self.back is None else self.back

    @property
    def looks_back(self) -> bool:
        """Whether it is an earlier one."""
        return self.back is not None

    def go(self, by: int) -> None:
        """Look at the position so many moves later (or earlier, below 0); never past either end."""
        to = max(0, min(self.count, self.shown + by))
        self.back = None if to == self.count else to

    def to_end(self, count: int) -> None:
        """The game has so many moves: look at the last position."""
        self.count, self.back = count, None
