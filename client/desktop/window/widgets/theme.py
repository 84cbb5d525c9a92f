"""The look of all widgets: theme, colours of the board, fonts, and lengths that grow with the display's resolution."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping
from dataclasses import dataclass

import ttkbootstrap as ttk

from client.desktop.model.base.preferences import Theme
from client.texts.headline import Tone
from game.rules import Seat

THEMES: Mapping[Theme, str] = {"light": "bootstrap-light", "dark": "bootstrap-dark"}
NORMAL_SCALING = 4 / 3
"""Tk's pixels per point on a display of 96 dots per inch."""


@dataclass(frozen=True)
class Palette:
    """The colours of drawings. X is blue and O is orange, which colour-blind people can distinguish too."""

    ground: str
    cell: str
    grid: str
    text: str
    quiet: str
    last: str
    cursor: str
    good: str
    bad: str
    marks: Mapping[Seat, str]
    ghosts: Mapping[Seat, str]
    tones: Mapping[Tone, str]


_LIGHT = Palette(
    ground="#ffffff",
    cell="#f5f7fa",
    grid="#cfd6de",
    text="#212529",
    quiet="#6c757d",
    last="#fff0c2",
    cursor="#0a58ca",
    good="#198754",
    bad="#c02537",
    marks={"X": "#0a58ca", "O": "#c2500a"},
    ghosts={"X": "#b9d0f3", "O": "#f0cbb2"},
    tones={
        "you": "#0a58ca",
        "them": "#6c757d",
        "won": "#198754",
        "lost": "#c02537",
        "draw": "#495057",
        "quiet": "#6c757d",
    },
)
_DARK = Palette(
    ground="#212529",
    cell="#2b3035",
    grid="#495057",
    text="#f1f3f5",
    quiet="#adb5bd",
    last="#4a4023",
    cursor="#6ea8fe",
    good="#5fd39b",
    bad="#f1808b",
    marks={"X": "#6ea8fe", "O": "#ff9f4a"},
    ghosts={"X": "#3b5170", "O": "#6b4d33"},
    tones={
        "you": "#6ea8fe",
        "them": "#adb5bd",
        "won": "#5fd39b",
        "lost": "#f1808b",
        "draw": "#dee2e6",
        "quiet": "#adb5bd",
    },
)


def _press(event: tk.Event[tk.Misc]) -> None:
    if isinstance(event.widget, ttk.Button):
        event.widget.invoke()


class Look:
    """The look of an application. All its windows share it."""

    def __init__(self, app: ttk.App, theme: Theme, scale: float | None = None) -> None:
        """``scale``: 2.0 is twice as large as on an ordinary display; None uses the display's own value, at least 1."""
        if scale is not None:
            app.tk.call("tk", "scaling", NORMAL_SCALING * scale)
        elif float(app.tk.call("tk", "scaling")) < NORMAL_SCALING:
            app.tk.call("tk", "scaling", NORMAL_SCALING)
        self._app = app
        self._factor = round(float(app.tk.call("tk", "scaling")) / NORMAL_SCALING, 2)
        self._family = str(ttk.nametofont("TkDefaultFont").actual("family"))
        self.theme: Theme = theme
        # The theme library unbinds the space bar from buttons, and people press buttons with it.
        app.bind_class("TButton", "<Key-space>", _press)
        for name in THEMES.values():
            self._prepare(name)
        self.use(theme)

    def use(self, theme: Theme) -> None:
        """Switch all windows to light or dark."""
        self.theme = theme
        self._app.theme_use(THEMES[theme])

    def _prepare(self, name: str) -> None:
        """Build a theme. Both are built before the first window, because a new theme measures all existing widgets.

        The theme library hides focus rings with the colour "", which is not a colour. Tk 8.6.16 looks it up, and
        reports an error, wherever it measures or draws. Older versions do so at some widgets.
        """
        self._app.theme_use(name)
        style = self._app.style
        style.configure("Treeview", rowheight=self.px(28))
        style.configure(".", focuscolor=style.colors.bg)

    def enlarge(self, button: ttk.Button, points: int) -> None:
        """Set a button's letters to that size. Everything else stays as in its style, in both themes."""
        style = f"Big.{button.cget('style')}"
        self._app.style.configure(style, font=self.font(points, bold=True))
        button.configure(style=style)

    @property
    def palette(self) -> Palette:
        """The current colours."""
        return _DARK if self.theme == "dark" else _LIGHT

    def px(self, length: float) -> int:
        """Return a length on this display. ``length`` is in pixels of an ordinary display."""
        return max(1, round(length * self._factor))

    def font(self, points: int, *, bold: bool = False) -> tuple[str, int, str]:
        """Return the font of that size."""
        return self._family, points, "bold" if bold else "normal"
