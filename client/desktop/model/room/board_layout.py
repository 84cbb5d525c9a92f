"""Where the cells of a board are on a surface: as large as fits, in the middle. Pure geometry, in pixels."""

from __future__ import annotations

from dataclasses import dataclass

MARGIN = 0.03
"""Of the shorter side, on each side."""
SMALLEST_CELL = 8.0


@dataclass(frozen=True)
class BoardLayout:
    """A board of ``columns`` × ``rows`` square cells on a surface of ``width`` × ``height`` pixels."""

    columns: int
    rows: int
    width: float
    height: float

    @property
    def cell(self) -> float:
        """The side of a cell."""
        margin = 2 * MARGIN * min(self.width, self.height)
        return max(SMALLEST_CELL, min((self.width - margin) / self.columns, (self.height - margin) / self.rows))

    @property
    def origin(self) -> tuple[float, float]:
        """The upper left corner of the board."""
        return (self.width - self.columns * self.cell) / 2, (self.height - self.rows * self.cell) / 2

    def box(self, cell: int, inset: float = 0.0) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of a cell, ``inset`` (of its side) further in on each side."""
        left, top = self.origin
        row, column = divmod(cell, self.columns)
        side, into = self.cell, inset * self.cell
        x, y = left + column * side, top + row * side
        return x + into, y + into, x + side - into, y + side - into

    def centre(self, cell: int) -> tuple[float, float]:
        """The middle of a cell."""
        left, top, right, bottom = self.box(cell)
        return (left + right) / 2, (top + bottom) / 2

    def cell_at(self, x: float, y: float) -> int | None:
        """The cell under a point, or None beside the board."""
        left, top = self.origin
        column, row = int((x - left) // self.cell), int((y - top) // self.cell)
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            return None
        return row * self.columns + column

    def neighbour(self, cell: int, dx: int, dy: int) -> int:
        """The cell so many columns and rows further, or the same one at the edge."""
        row, column = divmod(cell, self.columns)
        return min(max(row + dy, 0), self.rows - 1) * self.columns + min(max(column + dx, 0), self.columns - 1)
