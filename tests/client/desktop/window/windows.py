"""Real windows on a virtual display, several in one process, driven as a person would and looked at. No test here."""

from __future__ import annotations

import itertools
import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path

import ttkbootstrap as ttk

from client.credentials import Credentials
from client.desktop.model.app import AppModel, StartOptions
from client.desktop.model.base.local_servers import OpenLocalServers
from client.desktop.model.base.preferences import Preferences
from client.desktop.window.app import SIZE, Window
from client.desktop.window.bindings import open_window
from client.desktop.window.lobby.lobby import LobbyScreen
from client.desktop.window.lobby.new_room import NewRoomPanel
from client.desktop.window.room.room import RoomScreen
from client.desktop.window.widgets.board import BoardCanvas
from client.desktop.window.widgets.theme import Look
from server.control.cluster import ClusterControl
from tests.conditions import wait_until


class Desk:
    """A display with an application on it, and the people who sit there, each with a window and files of their own."""

    def __init__(self, app: ttk.App, folder: Path) -> None:
        self.app = app
        self.look = Look(app, "light")
        self.folder = folder
        self.windows: list[Window] = []
        self.faults: list[BaseException] = []
        app.report_callback_exception = lambda _kind, fault, _traceback: self.faults.append(fault)
        app.tk.createcommand("bgerror", lambda message: self.faults.append(RuntimeError(message)))
        self._numbers = itertools.count()

    def sit_down(
        self, server: str, name: str = "", *, room: str = "", watch: bool = False, own: OpenLocalServers | None = None
    ) -> Person:
        """A window like one that ``python tictactoe.py`` opens; with a name it signs in."""
        folder = self.folder / (name or "nobody")
        model = AppModel(
            own_server=server,
            options=StartOptions(name=name, server=server, room=room, watch=watch),
            open_servers=own,
            preferences=Preferences(folder / "window.json"),
            credentials=Credentials(folder / "tokens.json"),
        )
        shell = ttk.Toplevel(title=name, size=SIZE, position=(20 * next(self._numbers), 0))
        window = open_window(shell, model, self.look)
        window.note = self.faults.append
        self.windows.append(window)
        return Person(self, window)

    def wait(self, condition: Callable[[], object], what: str = "") -> None:
        """Let all windows live until the condition holds."""

        def lived() -> object:
            self.app.update()
            return condition()

        wait_until(lived, what=what)

    def clear(self) -> None:
        """Close all windows; none may have met a fault of ours."""
        faults = list(self.faults)
        for window in self.windows:
            if window.shell.winfo_exists():
                window.close()
        self.windows = []
        self.app.update()
        for fault in faults:
            raise AssertionError("a fault of ours") from fault


class Person:
    """Somebody at a window, who sees what it shows and uses its widgets."""

    def __init__(self, desk: Desk, window: Window) -> None:
        self.desk = desk
        self.window = window

    @property
    def lobby(self) -> LobbyScreen:
        """The lobby, once it is to be seen."""
        self.desk.wait(lambda: isinstance(self.window.screen, LobbyScreen), "the lobby")
        assert isinstance(self.window.screen, LobbyScreen)
        return self.window.screen

    @property
    def room(self) -> RoomScreen:
        """The room, once it is to be seen."""
        self.desk.wait(lambda: isinstance(self.window.screen, RoomScreen), "the room")
        assert isinstance(self.window.screen, RoomScreen)
        return self.window.screen

    @property
    def banner(self) -> str:
        """The text of the banner; empty while it is hidden."""
        banner = self.window.banner
        return str(banner.label.cget("text")) if banner.frame.winfo_manager() else ""

    @property
    def bars(self) -> str:
        """The texts of the bars under the board, a line each."""
        texts = [child for bar in self.room.bars.winfo_children() for child in bar.winfo_children()]
        return "\n".join(str(text.cget("text")) for text in texts if isinstance(text, ttk.Label))

    @property
    def chat(self) -> str:
        """The lines of the chat."""
        return self.room.chat.lines.get("1.0", "end").strip()

    def sees(self, *, headline: str | None = None, board: str | None = None, banner: str | None = None) -> bool:
        """Whether that is on the screen."""
        screen = self.window.screen
        if banner is not None and banner not in self.banner:
            return False
        if headline is not None and not (isinstance(screen, RoomScreen) and screen.headline.cget("text") == headline):
            return False
        return board is None or (isinstance(screen, RoomScreen) and drawn(screen.board) == board)

    def waits_for(self, **seen: str) -> None:
        """Wait until that is on the screen."""
        self.desk.wait(lambda: self.sees(**seen), f"{seen}, but {self.describe()}")

    def describe(self) -> str:
        """What is on the screen, for messages."""
        screen = self.window.screen
        if isinstance(screen, RoomScreen):
            return f"{screen.headline.cget('text')} {drawn(screen.board)} {screen.notice.cget('text')}"
        if self.desk.faults:
            raise self.desk.faults[0]
        return type(screen).__name__

    def clicks(self, cell: int) -> None:
        """Click on a cell of the board."""
        board = self.room.board
        self.desk.wait(lambda: board.winfo_width() > 100, "the board is drawn")
        x, y = board.layout.centre(cell)
        board.event_generate("<Button-1>", x=int(x), y=int(y))
        self.desk.app.update()

    def points_at(self, cell: int) -> None:
        """Have the pointer over a cell."""
        board = self.room.board
        x, y = board.layout.centre(cell)
        board.event_generate("<Motion>", x=int(x), y=int(y))
        self.desk.app.update()

    def plays(self, cell: int) -> None:
        """Wait for one's turn, play, and wait until the servers have it."""
        self.waits_for(headline="Your turn")
        self.clicks(cell)
        model = self.room.model
        self.desk.wait(lambda: model.command.pending is None and not model.my_turn, f"the move on {cell} is played")

    def settles(self) -> None:
        """Wait until what was last asked of the room is answered: a room is asked one thing at a time."""
        model = self.room.model
        self.desk.wait(lambda: model.command.pending is None, "an answer")

    def resigns(self) -> None:
        """Resign, and be sure."""
        self.settles()
        for _ in range(2):
            self.room.actions.resign.invoke()

    def opens_new_room(self, title: str) -> NewRoomPanel:
        """The panel for a new room, with its name filled in."""
        lobby = self.lobby
        self.types(lobby.search, "Control-n")
        lobby.new_room.title.insert(0, title)
        return lobby.new_room

    def crashes(self) -> None:
        """The process is gone: nothing more is drawn, sent or heard, and nobody says good-bye."""
        self.window.model.background.close()
        self.window.shell.destroy()

    def types(self, widget: tk.Misc, *keys: str) -> None:
        """Press keys in a widget."""
        self.desk.wait(widget.winfo_viewable)

        def has_focus() -> bool:
            widget.focus_force()
            self.desk.app.update()
            return self.desk.app.focus_get() is widget

        self.desk.wait(has_focus, "the focus, without which keys get lost")
        for key in keys:
            widget.event_generate(f"<{key}>")
        self.desk.app.update()


def two_in_a_room(desk: Desk, cluster: ClusterControl, *names: str) -> tuple[Person, Person]:
    """The first opens a room in the lobby; the second finds it there and joins with Enter."""
    first, second = (desk.sit_down(cluster.name_server, name) for name in names)
    title = f"{names[0]}'s table"
    first.opens_new_room(title).open.invoke()
    first.waits_for(headline="Waiting for an opponent")
    room, lobby = first.room.model.id, second.lobby
    desk.wait(lambda: room in lobby.rooms.get_children(), "the room appears by itself")
    assert lobby.rooms.item(room, "values")[0] == title
    lobby.rooms.selection_set(room)
    second.types(lobby.rooms, "Return")
    first.waits_for(headline="Your turn")
    second.waits_for(headline=f"{names[0]} is to move")
    return first, second


def play(cells: Sequence[int], *players: Person, watching: Sequence[Person] = ()) -> None:
    """Play these cells in turn; everybody sees each move."""
    board = ["."] * 9
    for number, cell in enumerate(cells):
        player = players[number % 2]
        player.settles()
        player.clicks(cell)
        board[cell] = "XO"[number % 2]
        for person in (*players, *watching):
            person.waits_for(board="".join(board))
        player.settles()


def drawn(board: BoardCanvas) -> str:
    """Return the marks on the canvas, cell by cell; "." for an empty cell."""
    return "".join(_drawn_on(board, cell) for cell in range(len(board.find_withtag("cell"))))


def _drawn_on(board: BoardCanvas, cell: int) -> str:
    tags = [tag for item in board.find_withtag(f"mark-{cell}") for tag in board.gettags(item)]
    return next((tag[-1] for tag in tags if tag.startswith("seat-")), ".")
