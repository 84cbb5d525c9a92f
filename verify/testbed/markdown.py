"""Tables in Markdown, for reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a table, and an empty line after it. None is shown as a dash."""
    cells = [["–" if cell is None else str(cell) for cell in row] for row in rows]
    return [*(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *cells)), ""]
