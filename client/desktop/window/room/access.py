"""The buttons for access to a room: the invitation and, for the owner, the lock and the removal of spectators."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from client.desktop.model.room.room import RoomModel
from client.desktop.window.widgets.buttons import hint, menu_button
from client.desktop.window.widgets.screen import Act, Panel, set_text, show
from client.desktop.window.widgets.theme import Look
from client.texts import room as texts
from client.texts.phrases import COPIED
from game.forms.room_view import View

MOST_SHOWN = 20


class AccessPanel(Panel[RoomModel]):
    """The invitation button, and a menu for the owner."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: RoomModel, server: str) -> None:
        super().__init__(parent, look, act, model)
        self._server = server
        self._caption = texts.INVITE
        self.owner, self.menu = menu_button(self, texts.OWNER, fill=self.fill_menu)
        self.owner.grid(row=0, column=0)
        self.owner.grid_remove()
        self.invite = ttk.Button(self, text=texts.INVITE, bootstyle="ghost", command=self.copy_invitation)
        self.invite.grid(row=0, column=1)
        hint(self.invite, lambda: texts.copy_invitation(self._line))

    def refresh(self, view: View) -> None:
        """Show what the user can do."""
        show(self.owner, self.model.access.owns(view))
        self.invite.configure(state="normal" if self.model.access.is_known else "disabled")
        self._caption = texts.INVITE_PRIVATE if view.private else texts.INVITE
        if self.invite.cget("text") != COPIED:
            set_text(self.invite, self._caption)

    def copy_invitation(self) -> None:
        """Copy the invitation line to the clipboard, once it is known."""
        if self.model.access.is_known:
            self.copy(self._line, self.invite, self._caption)

    def fill_menu(self) -> None:
        """Fill the menu with the owner's current actions."""
        model, view, menu = self.model, self.model.view, self.menu
        menu.delete(0, "end")
        if view is None:
            return
        locked = view.locked
        text = texts.UNLOCK if locked else texts.LOCK
        menu.add_command(label=text, command=self.acts(lambda: model.access.lock(not locked)))
        for name in model.access.may_be_removed(view)[:MOST_SHOWN]:
            menu.add_command(label=texts.remove(name), command=self.acts(lambda name=name: model.access.remove(name)))  # type: ignore[misc]

    @property
    def _line(self) -> str:
        return texts.invitation(self._server, self.model.access.invitation)
