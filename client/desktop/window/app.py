"""A window: it shows the screen of its model, and takes in the results of background work."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
import ttkbootstrap as ttk

from client.desktop.model.app import AppModel
from client.desktop.model.base.cluster import ClusterModel
from client.desktop.model.base.preferences import Theme
from client.desktop.model.lobby.recovery_code import RecoveryCodeModel
from client.desktop.window.lobby.cluster import ClusterScreen
from client.desktop.window.lobby.lobby import LobbyScreen
from client.desktop.window.lobby.recovery_code import RecoveryCodeScreen
from client.desktop.window.lobby.sign_in import SignInScreen
from client.desktop.window.records.records import RecordsScreen
from client.desktop.window.room.room import RoomScreen
from client.desktop.window.side_window import Page, SideWindow
from client.desktop.window.widgets.banner import BannerBar
from client.desktop.window.widgets.buttons import menu_button
from client.desktop.window.widgets.key_help import KeysPage
from client.desktop.window.widgets.screen import Act, Screen, in_grid
from client.desktop.window.widgets.theme import Look
from client.texts import app as texts

PUMP_MS = 15
"""How often a window takes in results, in milliseconds: short enough that nobody notices a delay."""
SMALLEST = (480, 560)
SIZE = (640, 720)
CLUSTER_VIEW_SIZE = (720, 660)
Model = TypeVar("Model", ClusterModel, RecoveryCodeModel)

logger = structlog.get_logger()


class Window:
    """A person's window, on an application's root or on a toplevel."""

    def __init__(self, shell: ttk.App | ttk.Toplevel, model: AppModel, look: Look) -> None:
        self.shell = shell
        self.model = model
        self.look = look
        self.screen: Screen[Any] | None = None
        self.keys: SideWindow[KeysPage] = SideWindow(shell, texts.KEYS, "<F1>")
        self.cluster_view: SideWindow[ClusterScreen] = SideWindow(shell, texts.CLUSTER_VIEW, "<F12>")
        self.recovery: SideWindow[RecoveryCodeScreen] = SideWindow(shell, texts.RECOVERY_CODE)
        # The model of the current ``screen``. Another model needs another screen.
        self._shown: object = None
        self._pumping: str | None = None
        # Set by a signal handler, and acted on by the next ``_pump``: a handler must not call Tk.
        self._closing = False
        self._title = ""
        shell.minsize(look.px(SMALLEST[0]), look.px(SMALLEST[1]))
        shell.protocol("WM_DELETE_WINDOW", self.close)
        shell.bind("<Destroy>", self._destroyed, add="+")
        shell.columnconfigure(0, weight=1)
        shell.rowconfigure(1, weight=1)
        self._build_header()
        self.banner = BannerBar(shell, look, row=2, press=lambda: self.act(model.start_servers))
        self.refresh()
        self._pump()

    # -- state to show ------------------------------------------------------------------------------------------------

    def _build_header(self) -> None:
        look = self.look
        header = in_grid(ttk.Frame(self.shell, padding=(look.px(16), look.px(8), look.px(16), 0)), row=0, sticky="ew")
        header.columnconfigure(0, weight=1)
        self.user = in_grid(ttk.Label(header, font=look.font(10)), row=0, column=0, sticky="w")
        self.menu_button, menu = menu_button(header, texts.MENU)
        self.menu_button.grid(row=0, column=1)
        menu.add_command(label=texts.CLUSTER_VIEW, accelerator="F12", command=self.toggle_cluster_view)
        menu.add_command(label=texts.RECORDS, accelerator="Ctrl+L", command=lambda: self.act(self.model.open_records))
        menu.add_command(label=texts.THEME, accelerator="F9", command=self.change_theme)
        menu.add_command(label=texts.KEYS, accelerator="F1", command=self.toggle_keys)
        menu.add_separator()
        menu.add_command(label=texts.RECOVERY_CODE, command=self.toggle_recovery)
        menu.add_command(label=texts.SIGN_OUT, command=lambda: self.act(self.model.sign_out))
        menu.add_command(label=texts.QUIT, accelerator="Ctrl+Q", command=self.close)

    def refresh(self) -> None:
        """Show the model's current state."""
        model = self.model
        if model.shown is not self._shown:
            self._shown = model.shown
            self._change_screen()
        for screen in self._screens():
            screen.refresh()
        self._show_title()
        self.banner.show(model.banner())

    def _show_title(self) -> None:
        """Show whose turn it is and the username in the title, which is readable while the window is hidden."""
        user, room = self.model.user, self.model.room
        my_turn = room is not None and room.my_turn
        title = texts.window_title("" if user is None else user.player.name, my_turn=my_turn)
        if title != self._title:
            self._title = title
            self.shell.title(title)

    def _change_screen(self) -> None:
        if self.screen is not None:
            self.screen.destroy()
        model, shell = self.model, self.shell
        signed_in = "" if model.user is None else texts.signed_in_as(model.user.player.name, model.user.server)
        self.user.configure(text=signed_in)
        if model.room is not None and model.user is not None:
            self.screen = RoomScreen(
                shell,
                self.look,
                self.act,
                model.room,
                server=model.user.server,
                leave=model.leave_room,
                play_again=model.play_again,
            )
        elif model.records is not None:
            self.screen = RecordsScreen(shell, self.look, self.act, model.records)
        elif model.lobby is not None:
            self.screen = LobbyScreen(shell, self.look, self.act, model.lobby, records=model.open_records)
        else:
            self.screen = SignInScreen(shell, self.look, self.act, model.start)
        self.screen.grid(row=1, sticky="nsew")
        if model.user is None:
            self.cluster_view.close()
            self.recovery.close()

    # -- events -------------------------------------------------------------------------------------------------------

    def act(self, action: Callable[[], object]) -> None:
        """Run an action on the model and show the result. An unexpected error ends only this action."""
        try:
            action()
            self.refresh()
        except Exception as fault:
            self.note(fault)

    def _pump(self) -> None:
        """Take in a bounded number of background results, and show them."""
        try:
            if self.model.background.drain():
                self.refresh()
            else:
                self.banner.show(self.model.banner())
        except Exception as fault:
            self.note(fault)
        if self._closing:
            self.close()
        else:
            self._pumping = self.shell.after(PUMP_MS, self._pump)

    def note(self, fault: BaseException) -> None:
        """Log an unexpected error. The window continues."""
        logger.error("unexpected error in the window", exc_info=fault)

    def close(self) -> None:
        """Close this window and leave its rooms."""
        self.shell.destroy()
        self.model.close()

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self.shell and self._pumping is not None:
            self.shell.after_cancel(self._pumping)

    def close_soon(self) -> None:
        """Close this window soon. For any context, for example a signal handler."""
        self._closing = True

    # -- keys -------------------------------------------------------------------------------------------------------

    def escape(self) -> None:
        """Step back, in the way of the current screen."""
        if not self.keys.close() and self.screen is not None:
            self.screen.escape()

    def change_theme(self) -> None:
        """Switch between light and dark, and store the choice."""
        theme: Theme = "light" if self.look.theme == "dark" else "dark"
        self.look.use(theme)
        self.model.preferences.use_theme(theme)
        self.refresh()

    def _screens(self) -> list[Screen[Any]]:
        """Return the screens of this window and of the windows beside it."""
        screens = (self.screen, self.cluster_view.page, self.recovery.page)
        return [screen for screen in screens if screen is not None]

    def toggle_keys(self) -> None:
        """Show or hide the page of keys."""
        if not self.keys.close():
            self.keys.open(lambda parent: KeysPage(parent, self.look))

    def toggle_cluster_view(self) -> None:
        """Show or hide the cluster view."""
        size = f"{self.look.px(CLUSTER_VIEW_SIZE[0])}x{self.look.px(CLUSTER_VIEW_SIZE[1])}"
        self._toggle(self.cluster_view, self.model.cluster_view, ClusterScreen, texts.SIGN_IN_FOR_SERVERS, size)

    def toggle_recovery(self) -> None:
        """Show or hide the page for the recovery code."""
        self._toggle(self.recovery, self.model.recovery, RecoveryCodeScreen, texts.SIGN_IN_FOR_CODE)

    def _toggle(
        self,
        beside: SideWindow[Page],
        new_model: Callable[[], Model | None],
        new_page: Callable[[tk.Misc, Look, Act, Model], Page],
        signed_out: str,
        size: str = "",
    ) -> None:
        """Open or close a window beside this one. ``signed_out``: the message if there is no model without a user."""
        if beside.close():
            return
        model = new_model()
        if model is None:
            self.model.start.message = signed_out
        else:
            beside.open(lambda parent: new_page(parent, self.look, self.act, model), size, on_close=model.stop)
        self.refresh()
