"""The page for a recovery code: an explanation, a button, and then the code, shown once."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from client.desktop.model.lobby.recovery_code import RecoveryCodeModel
from client.desktop.window.widgets.buttons import button
from client.desktop.window.widgets.screen import Act, Screen, in_grid, set_text, show
from client.desktop.window.widgets.theme import Look
from client.texts import sign_in as texts


class RecoveryCodeScreen(Screen[RecoveryCodeModel]):
    """Makes a recovery code and shows it."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: RecoveryCodeModel) -> None:
        super().__init__(parent, look, act, model)
        ttk.Label(self, text=texts.reserve(model.name), font=look.font(14, bold=True)).grid(sticky="w")
        self.explanation = ttk.Label(self, wraplength=look.px(400), justify="left")
        self.explanation.grid(sticky="ew", pady=look.px(10))
        self.code = ttk.Entry(self, font=look.font(14), justify="center", state="readonly")
        self.code.grid(sticky="ew", pady=(0, look.px(10)))
        self.make = in_grid(button(self, texts.MAKE_CODE, self.acts(model.make), "primary"), row=3)
        self.copy_button = in_grid(button(self, texts.COPY, self._copy, "primary"), row=3)
        self.message = in_grid(ttk.Label(self, wraplength=look.px(400)), row=4, sticky="ew", pady=(look.px(10), 0))
        self.make.focus_set()

    def refresh(self) -> None:
        model, palette = self.model, self.look.palette
        set_text(self.explanation, texts.CODE_MADE if model.code else texts.ABOUT_CODE, palette.text)
        if self.code.get() != model.code:
            self.code.configure(state="normal")
            self.code.delete(0, "end")
            self.code.insert(0, model.code)
            self.code.configure(state="readonly")
        for widget in (self.code, self.copy_button):
            show(widget, bool(model.code))
        show(self.make, not model.code)
        self.make.configure(state="disabled" if model.doing else "normal")
        set_text(self.message, model.doing or model.message, palette.quiet if model.doing else palette.bad)

    def _copy(self) -> None:
        self.copy(self.model.code, self.copy_button, texts.COPY.text)
