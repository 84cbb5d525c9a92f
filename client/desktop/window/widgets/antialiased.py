"""Marks and lines with smooth edges. Tk's canvas has none, so they are painted larger and scaled down.

The canvas draws moving shapes itself, which is quicker. A finished shape is replaced by an image from here.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageTk

from game.rules import SEATS, Seat

FINER = 4
"""How many times larger a shape is painted than shown."""
ICON = 64
KEPT = 64
"""How many images are kept for later use. A board needs two or three."""


class Antialiased:
    """The painter of a canvas."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self._canvas = canvas
        # Tk shows an image only while Python holds a reference to it.
        self._images: dict[tuple[object, ...], ImageTk.PhotoImage] = {}
        self._lines: ImageTk.PhotoImage | None = None

    def mark(self, seat: Seat, box: Sequence[float], width: float, colour: str, tags: tuple[str, ...]) -> None:
        """Draw an X or O that fills ``box``, with strokes of that width."""
        left, top, right, bottom = box
        side = round(right - left + 2 * width)
        key = (seat, side, round(width), colour)
        image = self._images.get(key)
        if image is None:
            if len(self._images) >= KEPT:
                self._images.clear()
            image = self._images[key] = self._shown(_painted(seat, side, width, colour))
        self._canvas.create_image((left + right) / 2, (top + bottom) / 2, image=image, tags=tags)

    def lines(self, ends: Sequence[Sequence[float]], width: float, colour: str, tags: tuple[str, ...]) -> None:
        """Draw straight lines with round ends, each from x0, y0 to x1, y1."""
        left = min(min(x0, x1) for x0, _, x1, _ in ends) - width
        top = min(min(y0, y1) for _, y0, _, y1 in ends) - width
        right = max(max(x0, x1) for x0, _, x1, _ in ends) + width
        bottom = max(max(y0, y1) for _, y0, _, y1 in ends) + width
        image = Image.new("RGBA", (round((right - left) * FINER), round((bottom - top) * FINER)), _clear(colour))
        draw = ImageDraw.Draw(image)
        for x0, y0, x1, y1 in ends:
            points = [((x - left) * FINER, (y - top) * FINER) for x, y in ((x0, y0), (x1, y1))]
            _stroke(draw, points[0], points[1], width * FINER, colour)
        self._lines = self._shown(image)
        self._canvas.create_image((left + right) / 2, (top + bottom) / 2, image=self._lines, tags=tags)

    def _shown(self, image: Image.Image) -> ImageTk.PhotoImage:
        return ImageTk.PhotoImage(_smaller(image), master=self._canvas)


def icon(window: tk.Misc, colours: Mapping[Seat, str]) -> ImageTk.PhotoImage:
    """Return the application's icon: an X and an O side by side."""
    image = Image.new("RGBA", (ICON, ICON))
    half = ICON // 2
    for number, seat in enumerate(SEATS):
        image.paste(_smaller(_painted(seat, half, half / 7, colours[seat])), (number * half, half // 2))
    return ImageTk.PhotoImage(image, master=window)


def _painted(seat: Seat, side: int, width: float, colour: str) -> Image.Image:
    """Return a mark, painted FINER times larger than ``side``."""
    large, thick = side * FINER, width * FINER
    image = Image.new("RGBA", (large, large), _clear(colour))
    draw = ImageDraw.Draw(image)
    near, far = thick, large - thick
    if seat == "O":
        ring = (near - thick / 2, near - thick / 2, far + thick / 2, far + thick / 2)
        draw.ellipse(ring, outline=colour, width=round(thick))
    else:
        _stroke(draw, (near, near), (far, far), thick, colour)
        _stroke(draw, (far, near), (near, far), thick, colour)
    return image


def _smaller(image: Image.Image) -> Image.Image:
    return image.resize((max(1, image.width // FINER), max(1, image.height // FINER)), Image.Resampling.BOX)


def _clear(colour: str) -> str:
    """Return the transparent colour, so that edges blend with the ground without another hue."""
    return f"{colour}00"


def _stroke(
    draw: ImageDraw.ImageDraw, start: tuple[float, float], end: tuple[float, float], width: float, colour: str
) -> None:
    draw.line((*start, *end), fill=colour, width=round(width))
    radius = width / 2
    for x, y in (start, end):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
