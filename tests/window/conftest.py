"""Real windows on a virtual display, several of them in one process, driven as a person would and looked at."""

from __future__ import annotations

import itertools
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import ttkbootstrap as ttk

from client.credentials import Credentials
from client.model.app import AppModel, Wishes
from client.model.local_servers import OpenLocalServers
from client.model.preferences import Preferences
from client.window.app import SIZE, Window
from client.window.garbage import collect_anywhere, collect_here
from client.window.lobby import LobbyScreen
from client.window.look import Look
from client.window.room import RoomScreen
from server.cluster import Cluster
from server.sandbox import sandbox_cluster
from tests.conditions import wait_until


class Desk:
    """A display with an application on it, and the people who sit there, each with a window and files of their own."""

    def __init__(self, app: ttk.App, folder: Path) -> None:
        self.app = app
        self.look = Look(app, "light")
        self.folder = folder
        self.windows: list[Window] = []
        self._numbers = itertools.count()

    def sit_down(
        self, server: str, name: str = "", *, room: str = "", watch: bool = False, own: OpenLocalServers | None = None
    ) -> Person:
        """A window like one that ``python tictactoe.py`` opens; with a name it signs in."""
        folder = self.folder / (name or "nobody")
        model = AppModel(
            own_server=server,
            wishes=Wishes(name=name, server=server, room=room, watch=watch),
            open_servers=own,
            preferences=Preferences(folder / "window.json"),
            credentials=Credentials(folder / "tokens.json"),
        )
        shell = ttk.Toplevel(title=name, size=SIZE, position=(20 * next(self._numbers), 0))
        window = Window(shell, model, self.look)
        self.windows.append(window)
        return Person(self, window)

    def wait(self, condition: Callable[[], object], what: str = "", *, timeout_s: float = 20.0) -> None:
        """Let all windows live until the condition holds."""

        def lived() -> object:
            self.app.update()
            return condition()

        wait_until(lived, timeout_s=timeout_s, what=what)

    def clear(self) -> None:
        """Close all windows; none may have met a fault of ours."""
        faults = [fault for window in self.windows for fault in window.faults]
        for window in self.windows:
            if window.shell.winfo_exists():
                window.close()
        self.windows = []
        self.app.update()
        assert not faults


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

    def sees(self, *, headline: str | None = None, board: str | None = None, banner: str | None = None) -> bool:
        """Whether that is on the screen."""
        screen = self.window.screen
        if banner is not None and banner not in self.window.banner.text:
            return False
        if headline is not None and not (isinstance(screen, RoomScreen) and screen.headline.cget("text") == headline):
            return False
        return board is None or (isinstance(screen, RoomScreen) and screen.board.drawn() == board)

    def waits_for(self, **seen: str) -> None:
        """Wait until that is on the screen."""
        self.desk.wait(lambda: self.sees(**seen), f"{seen}, but {self.describe()}")

    def describe(self) -> str:
        """What is on the screen, for messages."""
        screen = self.window.screen
        if isinstance(screen, RoomScreen):
            return f"{screen.headline.cget('text')} {screen.board.drawn()} {screen.notice.cget('text')}"
        if self.window.faults:
            raise self.window.faults[0]
        return type(screen).__name__

    def clicks(self, cell: int) -> None:
        """Click on a cell of the board."""
        board = self.room.board
        self.desk.wait(lambda: board.winfo_width() > 100, "the board is drawn")
        x, y = board.layout.centre(cell)
        board.event_generate("<Button-1>", x=int(x), y=int(y))
        self.desk.app.update()

    def types(self, widget: tk.Misc, *keys: str) -> None:
        """Press keys in a widget."""
        widget.focus_force()
        for key in keys:
            widget.event_generate(f"<{key}>")
        self.desk.app.update()


@pytest.fixture(scope="session")
def app() -> Iterator[ttk.App]:
    """The one root that a process can have."""
    app = ttk.App(iconphoto=None)
    app.withdraw()
    collect_here(app)
    yield app
    app.destroy()
    collect_anywhere()


@pytest.fixture
def desk(app: ttk.App, tmp_path: Path) -> Iterator[Desk]:
    """A desk without windows yet."""
    desk = Desk(app, tmp_path)
    yield desk
    desk.clear()


@pytest.fixture(scope="module")
def shared_cluster() -> Iterator[Cluster]:
    """A cluster that the tests of one file share."""
    with sandbox_cluster() as cluster:
        yield cluster
