"""The geometry of a board on a surface: as large as possible, centred. Pure; all lengths are in pixels."""

from __future__ import annotations

from dataclasses import dataclass

MARGIN = 0.03
"""The margin on each side, as a part of the shorter side."""
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
        """Return left, top, right and bottom of a cell, reduced on each side.

        ``inset``: the reduction, as a part of the cell's side.
        """
        left, top = self.origin
        row, column = divmod(cell, self.columns)
        side, into = self.cell, inset * self.cell
        x, y = left + column * side, top + row * side
        return x + into, y + into, x + side - into, y + side - into

    def centre(self, cell: int) -> tuple[float, float]:
        """Return the centre of a cell."""
        left, top, right, bottom = self.box(cell)
        return (left + right) / 2, (top + bottom) / 2

    def cell_at(self, x: float, y: float) -> int | None:
        """Return the cell at a point, or None outside the board."""
        left, top = self.origin
        column, row = int((x - left) // self.cell), int((y - top) // self.cell)
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            return None
        return row * self.columns + column

    def neighbour(self, cell: int, dx: int, dy: int) -> int:
        """Return the cell ``dx`` columns and ``dy`` rows away, limited to the board."""
        row, column = divmod(cell, self.columns)
        return min(max(row + dy, 0), self.rows - 1) * self.columns + min(max(column + dx, 0), self.columns - 1)
