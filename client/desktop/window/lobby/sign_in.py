"""The first screen: username, server, and the last error."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from client.desktop.model.lobby.sign_in import SignInModel
from client.desktop.window.widgets.buttons import button, hint
from client.desktop.window.widgets.screen import Act, Screen, in_grid, set_text, show
from client.desktop.window.widgets.theme import Look
from client.texts import sign_in as texts
from client.texts.app import TITLE
from client.texts.connection import START_SERVERS

WIDTH = 30


class SignInScreen(Screen[SignInModel]):
    """The form for signing in."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: SignInModel) -> None:
        super().__init__(parent, look, act, model)
        self.rowconfigure(0, weight=1)
        box = in_grid(ttk.Frame(self))
        self._title = in_grid(ttk.Label(box, text=TITLE, font=look.font(26, bold=True)), pady=(0, look.px(2)))
        ttk.Label(box, text=texts.SLOGAN).grid(pady=(0, look.px(22)))
        ttk.Label(box, text=texts.NAME.text).grid(sticky="w")
        self.name = ttk.Entry(box, width=WIDTH, font=look.font(12))
        self.name.grid(sticky="ew", pady=(look.px(2), look.px(12)))
        self.name.insert(0, model.name)
        ttk.Label(box, text=texts.SERVER.text).grid(sticky="w")
        self.server = ttk.Combobox(box, values=model.servers, font=look.font(12))
        self.server.grid(sticky="ew", pady=(look.px(2), look.px(16)))
        self.server.set(model.server)
        self._code_title = in_grid(ttk.Label(box, text=texts.CODE), sticky="w")
        self.code = ttk.Entry(box, width=WIDTH, font=look.font(12))
        self.code.grid(sticky="ew", pady=(look.px(2), look.px(16)))
        self.play = in_grid(button(box, texts.PLAY, self._sign_in, "primary"), sticky="ew")
        self.recover = in_grid(button(box, texts.WITH_CODE, self._toggle_code, "link"), pady=(look.px(6), 0))
        self.message = ttk.Label(box, wraplength=look.px(380), justify="center", anchor="center")
        self.message.grid(sticky="ew", pady=(look.px(16), 0))
        self.start = in_grid(button(box, START_SERVERS, self._start_servers, "success"), pady=(look.px(12), 0))
        self.start.grid_remove()
        self._show_code(False)
        hint(self.name, texts.NAME.hint)
        hint(self.server, texts.SERVER.hint)
        self.server.bind("<<ComboboxSelected>>", lambda _: self._server_chosen())
        for field in (self.name, self.server, self.code):
            field.bind("<Return>", lambda _: self._sign_in())
        (self.name if not model.name else self.play).focus_set()

    def refresh(self) -> None:
        model, palette = self.model, self.look.palette
        busy = bool(model.doing)
        self.play.configure(state="disabled" if busy else "normal")
        colour = palette.quiet if busy else palette.bad
        set_text(self.message, model.doing or model.message, colour)
        show(self.start, model.offers_start)

    def escape(self) -> None:
        self.act(self.model.cancel)

    def _sign_in(self) -> None:
        code = self.code.get() if self.code.winfo_manager() else ""
        self.act(lambda: self.model.sign_in(self.server.get(), self.name.get(), code))

    def _toggle_code(self) -> None:
        wanted = not self.code.winfo_manager()
        self._show_code(wanted)
        set_text(self.recover, texts.WITHOUT_CODE if wanted else texts.WITH_CODE.text)
        (self.code if wanted else self.name).focus_set()

    def _show_code(self, wanted: bool) -> None:
        for widget in (self._code_title, self.code):
            show(widget, wanted)

    def _start_servers(self) -> None:
        self.act(lambda: self.model.start_cluster(self.name.get()))

    def _server_chosen(self) -> None:
        self.model.choose_server(self.server.get())
        self.name.delete(0, "end")
        self.name.insert(0, self.model.name)
