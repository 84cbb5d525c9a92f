"""How everything looks: theme, colours of the board, fonts, and lengths that grow with the display's resolution."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping
from dataclasses import dataclass

import ttkbootstrap as ttk

from client.desktop.model.base.preferences import Theme
from client.desktop.model.room.headline import Tone
from game.rules import Seat

THEMES: Mapping[Theme, str] = {"light": "bootstrap-light", "dark": "bootstrap-dark"}
NORMAL_SCALING = 4 / 3
"""Tk's pixels per point on a display of 96 dots an inch."""


@dataclass(frozen=True)
class Palette:
    """Colours of what is drawn. X is blue and O orange, which people who see fewer colours tell apart too."""

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


class Style:
    """The look of one application; all its windows share it."""

    def __init__(self, app: ttk.App, theme: Theme, scale: float | None = None) -> None:
        """``scale``: 2.0 is twice as large as on an ordinary display; None takes what the display says, at least 1."""
        if scale is not None:
            app.tk.call("tk", "scaling", NORMAL_SCALING * scale)
        elif float(app.tk.call("tk", "scaling")) < NORMAL_SCALING:
            app.tk.call("tk", "scaling", NORMAL_SCALING)
        self._app = app
        self._factor = round(float(app.tk.call("tk", "scaling")) / NORMAL_SCALING, 2)
        self._family = str(ttk.nametofont("TkDefaultFont").actual("family"))
        self.theme: Theme = theme
        # The theme library takes the space bar from buttons; people press them with it.
        app.bind_class("TButton", "<Key-space>", _press)
        app.set_theme_modes(light=THEMES["light"], dark=THEMES["dark"])
        for name in THEMES.values():
            self._prepare(name)
        self.use(theme)

    def use(self, theme: Theme) -> None:
        """Change everything to light or dark."""
        self.theme = theme
        self._app.theme_use(THEMES[theme])

    def _prepare(self, name: str) -> None:
        """Build a theme, both of them before there are windows: the library measures all widgets by a new one at once.

        It hides rings around what has the focus by the colour "", which is none: Tk 8.6.16 meets it wherever it
        measures or draws, and older ones at some widgets.
        """
        self._app.theme_use(name)
        style = self._app.style
        style.configure("Treeview", rowheight=self.px(28))
        style.configure(".", focuscolor=style.colors.bg)

    def enlarge(self, button: ttk.Button, points: int) -> None:
        """Give a button letters of that size; all else stays as its style has it, in both themes."""
        style = f"Big.{button.cget('style')}"
        self._app.style.configure(style, font=self.font(points, bold=True))
        button.configure(style=style)

    @property
    def palette(self) -> Palette:
        """The colours of now."""
        return _DARK if self.theme == "dark" else _LIGHT

    def px(self, length: float) -> int:
        """A length in pixels of an ordinary display, in pixels of this one."""
        return max(1, round(length * self._factor))

    def font(self, points: int, *, bold: bool = False) -> tuple[str, int, str]:
        """The font of that size."""
        return self._family, points, "bold" if bold else "normal"
