"""The chart of growth: two diagrams side by side, as SVG. Pure: rows in, text out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from bench.figures import FigureRow
from bench.measures.growth import latency_row, rooms_row

WIDTH, HEIGHT = 430, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 40, 44
MOST_POWER = 20
COLOURS = ("#2563eb", "#9ca3af")
_STYLE = "font-family:system-ui,sans-serif;font-size:11px;fill:#6b7280"
Line = Sequence[tuple[float, float]]


def growth_picture(rows: Sequence[FigureRow]) -> str:
    """Draw moves per second beside echoes, and the latency of a move, by number of rooms.

    ``rows`` are those of ``growth``.
    """
    of = {row.name: row for row in rows}
    numbers = [1 << power for power in range(MOST_POWER) if rooms_row(1 << power) in of]
    rates = {
        "moves a second": [(n, of[rooms_row(n)].value) for n in numbers],
        "bare echoes a second": [(n, of[rooms_row(n)].yardstick or 0.0) for n in numbers],
    }
    took = {"a move, p50, in ms": [(n, of[latency_row(n)].value) for n in numbers]}
    charts = _chart("Moves a second", rates, 0) + _chart("From sending a move to its answer", took, WIDTH)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" width="{2 * WIDTH}" '
        f'height="{HEIGHT}"><rect width="100%" height="100%" fill="#ffffff"/>{charts}</svg>\n'
    )


def _chart(title: str, lines: Mapping[str, Line], x_from: int) -> str:
    """Draw one diagram. Both axes are logarithmic: powers of two for rooms, powers of ten for values."""
    xs = [x for line in lines.values() for x, _ in line]
    ys = [y for line in lines.values() for _, y in line if y > 0]
    low, high = 10.0 ** math.floor(math.log10(min(ys))), 10.0 ** math.ceil(math.log10(max(ys)))

    def across(x: float) -> float:
        span = math.log2(max(xs) / min(xs)) or 1.0
        return x_from + LEFT + (WIDTH - LEFT - RIGHT) * math.log2(x / min(xs)) / span

    def down(y: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * math.log10(y / low) / (math.log10(high / low) or 1.0)

    parts = [_text(x_from + LEFT, 18, title, "font-weight:600;font-size:13px;fill:#111827")]
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        y = down(10.0**power)
        parts.append(f'<path d="M{x_from + LEFT} {y:.1f}H{x_from + WIDTH - RIGHT}" stroke="#e5e7eb"/>')
        parts.append(_text(x_from + LEFT - 6, y + 4, f"{10.0**power:,g}", "text-anchor:end"))
    parts += [_text(across(x), HEIGHT - BOTTOM + 16, f"{x:g}", "text-anchor:middle") for x in sorted(set(xs))]
    parts.append(_text(x_from + LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 8, "rooms", "text-anchor:middle"))
    for number, (name, line) in enumerate(lines.items()):
        points = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in line if y > 0)
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(_text(x_from + LEFT + 8, TOP + 4 + 15 * number, name, f"fill:{colour};font-weight:600"))
    return "".join(parts)


def _text(x: float, y: float, words: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" style="{_STYLE};{style}">{escape(words)}</text>'
