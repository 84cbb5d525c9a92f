"""The board on a canvas: it grows with the window, marks appear stroke by stroke, keyboard and pointer choose cells.

It shows the scene that it receives, and reports the chosen cell. Its caller decides which cells can be played.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import ttkbootstrap as ttk

from client.desktop.model.room.board_layout import BoardLayout
from client.desktop.model.room.board_scene import Scene
from client.desktop.window.widgets.antialiased import Antialiased
from client.desktop.window.widgets.theme import Look
from client.desktop.window.widgets.timers import Animations
from game.rules import Seat

SMALLEST = 200
MARK_FRAMES = 10
LINE_FRAMES = 14
MARK_INSET = 0.23
MARK_WIDTH = 0.085
LINE_WIDTH = 0.07
OVERHANG = 0.28
"""How far a winning line extends beyond the centres of its first and last cell, in cells."""
_ARROWS = {"Left": (-1, 0), "Right": (1, 0), "Up": (0, -1), "Down": (0, 1)}


class BoardCanvas(ttk.Canvas):
    """The canvas. Its items have tags, so that tests can find them: ``mark-<cell>``, ``line``, ``ghost``, …"""

    def __init__(
        self, parent: tk.Misc, look: Look, *, play: Callable[[int], None], can_play: Callable[[int], bool]
    ) -> None:
        smallest = look.px(SMALLEST)
        super().__init__(parent, autostyle=False, highlightthickness=0, takefocus=True, width=smallest, height=smallest)
        self._look = look
        self._play = play
        self._can_play = can_play
        self._scene: Scene | None = None
        # The cell that Enter plays. ``_hovered`` is the cell under the pointer; None outside the board.
        self._cursor = 0
        self._hovered: int | None = None
        self._has_keyboard = False
        self._animations = Animations(self)
        self._smooth = Antialiased(self)
        for change in ("<Configure>", "<<ThemeChanged>>"):
            self.bind(change, lambda _: self.redraw())
        self.bind("<Motion>", lambda event: self._hover(self.layout.cell_at(event.x, event.y)))
        self.bind("<Leave>", lambda _: self._hover(None))
        self.bind("<Button-1>", self._clicked)
        self.bind("<FocusIn>", lambda _: self._focus(True))
        self.bind("<FocusOut>", lambda _: self._focus(False))
        for key in _ARROWS:
            self.bind(f"<{key}>", self._arrow)
        for key in ("<Return>", "<KP_Enter>", "<space>"):
            self.bind(key, lambda _: self._play(self._cursor))

    @property
    def layout(self) -> BoardLayout:
        """The positions of the cells."""
        scene = self._scene
        columns, rows = (3, 3) if scene is None else (scene.columns, scene.rows)
        return BoardLayout(columns, rows, self.winfo_width(), self.winfo_height())

    def show(self, scene: Scene) -> None:
        """Draw what has changed. A single new mark appears stroke by stroke."""
        before, self._scene = self._scene, scene
        if before is None or (before.columns, before.rows) != (scene.columns, scene.rows):
            self._cursor = (scene.rows // 2) * scene.columns + scene.columns // 2
            self.redraw()
            return
        if before != scene:
            self._draw_changes(before, scene)
        self._draw_ghost()

    def redraw(self) -> None:
        """Draw everything again, after a change of the size or the theme."""
        self._animations.stop_all()
        self.delete("all")
        self.configure(background=self._look.palette.ground)
        scene = self._scene
        if scene is None:
            return
        for cell in range(len(scene.marks)):
            self.create_rectangle(*self.layout.box(cell, 0.03), width=0, tags=("cell", f"cell-{cell}"))
        self._draw_tints(scene)
        for cell, mark in enumerate(scene.marks):
            self._draw_mark(cell, mark, animated=False)
        self._draw_lines(scene, animated=False)
        self._draw_ghost()
        self._draw_cursor()

    # -- chosen cells -----------------------------------------------------------------------------------------------

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        self.focus_set()
        cell = self.layout.cell_at(event.x, event.y)
        if cell is not None and self._scene is not None:
            self._cursor = cell
            self._play(cell)
            self._draw_cursor()

    def _arrow(self, event: tk.Event[tk.Misc]) -> None:
        if self._scene is not None:
            self._cursor = self.layout.neighbour(self._cursor, *_ARROWS[event.keysym])
            self._draw_cursor()

    def _focus(self, has_keyboard: bool) -> None:
        self._has_keyboard = has_keyboard
        self._draw_cursor()

    def _hover(self, cell: int | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self._draw_ghost()

    # -- drawing ----------------------------------------------------------------------------------------------------

    def _draw_changes(self, before: Scene, scene: Scene) -> None:
        changed = [cell for cell, mark in enumerate(scene.marks) if mark != before.marks[cell]]
        appeared = [cell for cell in changed if scene.marks[cell] != "."]
        for cell in changed:
            self._draw_mark(cell, scene.marks[cell], animated=len(appeared) == 1)
        answered = before.pending  # the move that was pending gets its full colour now
        if answered is not None and answered != scene.pending and not self._animations.runs(f"mark-{answered}"):
            self._draw_mark(answered, scene.marks[answered], animated=False)
        self._draw_tints(scene)
        if before.lines != scene.lines:
            self._draw_lines(scene, animated=True)
        self._draw_cursor()

    def _draw_tints(self, scene: Scene) -> None:
        palette = self._look.palette
        for cell in range(len(scene.marks)):
            self.itemconfigure(f"cell-{cell}", fill=palette.last if cell in scene.lit else palette.cell)

    def _draw_mark(self, cell: int, mark: str, *, animated: bool) -> None:
        what = f"mark-{cell}"
        self._animations.stop(what)
        self.delete(what)
        seat: Seat | None = "X" if mark == "X" else "O" if mark == "O" else None
        if seat is not None:
            self._animations.run(what, MARK_FRAMES if animated else 1, lambda part: self._stroke(cell, seat, part))

    def _stroke(self, cell: int, seat: Seat, part: float) -> None:
        self.delete(f"mark-{cell}")
        palette = self._look.palette
        pending = self._scene is not None and self._scene.pending == cell
        colour = palette.ghosts[seat] if pending else palette.marks[seat]
        self._draw_shape(cell, seat, part, colour, ("mark", f"mark-{cell}", f"seat-{seat}"))

    def _draw_shape(self, cell: int, seat: Seat, part: float, colour: str, tags: tuple[str, ...]) -> None:
        """Draw a part from 0 to 1 of a mark: the two strokes of an X, in turn, or the ring of an O."""
        left, top, right, bottom = box = self.layout.box(cell, MARK_INSET)
        width = max(2.0, self.layout.cell * MARK_WIDTH)
        if part >= 1.0:
            self._smooth.mark(seat, box, width, colour, tags)
        elif seat == "O":
            self.create_arc(*box, start=90, extent=-360 * part, style="arc", outline=colour, width=width, tags=tags)
        else:
            falling, rising = min(1.0, part * 2), max(0.0, part * 2 - 1)
            self._draw_stroke((left, top, right, bottom), falling, colour, width, tags)
            self._draw_stroke((right, top, left, bottom), rising, colour, width, tags)

    def _draw_stroke(
        self, ends: Sequence[float], part: float, colour: str, width: float, tags: tuple[str, ...]
    ) -> None:
        x0, y0, x1, y1 = ends
        if part > 0:
            end = (x0 + (x1 - x0) * part, y0 + (y1 - y0) * part)
            self.create_line(x0, y0, *end, fill=colour, width=width, capstyle="round", tags=tags)

    def _draw_lines(self, scene: Scene, *, animated: bool) -> None:
        self._animations.stop("line")
        self.delete("line")
        if scene.lines:
            self._animations.run("line", LINE_FRAMES if animated else 1, lambda part: self._strike(scene.lines, part))

    def _strike(self, lines: Sequence[tuple[int, int]], part: float) -> None:
        self.delete("line")
        colour, width = self._look.palette.good, max(3.0, self.layout.cell * LINE_WIDTH)
        ends = []
        for first, last in lines:
            (x0, y0), (x1, y1) = self.layout.centre(first), self.layout.centre(last)
            beyond = OVERHANG * self.layout.cell / max(1.0, ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
            dx, dy = (x1 - x0) * beyond, (y1 - y0) * beyond
            ends.append((x0 - dx, y0 - dy, x1 + dx, y1 + dy))
        if part >= 1.0:
            self._smooth.lines(ends, width, colour, ("line",))
        else:
            for one in ends:
                self._draw_stroke(one, part, colour, width, ("line",))

    def _draw_ghost(self) -> None:
        """Draw a faint mark in the cell that a click would play."""
        self.delete("ghost")
        scene, cell = self._scene, self._hovered
        seat = None if scene is None or cell is None or not self._can_play(cell) else scene.seat
        self.configure(cursor="" if seat is None else "hand2")
        if seat is not None and cell is not None:
            self._draw_shape(cell, seat, 1.0, self._look.palette.ghosts[seat], ("ghost",))

    def _draw_cursor(self) -> None:
        """Draw a frame around the cell that Enter plays, if the board has the focus and the user has a seat."""
        self.delete("cursor")
        if self._scene is not None and self._scene.seat is not None and self._has_keyboard:
            box, colour = self.layout.box(self._cursor, 0.06), self._look.palette.cursor
            self.create_rectangle(*box, outline=colour, width=self._look.px(2), dash=(6, 4), tags=("cursor",))
