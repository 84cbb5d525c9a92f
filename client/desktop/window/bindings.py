"""The keys of a window. ``key_help`` shows the list of them, and ``client.texts.keys`` has its texts.

Keys of one widget are bound in the widget.

A field with the focus keeps the keys of writing: letters, and keys that move in a text.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import ttkbootstrap as ttk

from client.desktop.model.app import AppModel
from client.desktop.model.room.stepping import MOST_MOVES
from client.desktop.window.app import Window
from client.desktop.window.lobby.lobby import LobbyScreen
from client.desktop.window.room.room import RoomScreen
from client.desktop.window.widgets.screen import Screen
from client.desktop.window.widgets.theme import Look
from client.texts.offers import ACCEPT, DECLINE

Kind = TypeVar("Kind", bound="Screen[Any]")
OnKey = Callable[["tk.Event[tk.Misc]"], None]


def open_window(shell: ttk.App | ttk.Toplevel, model: AppModel, look: Look) -> Window:
    """Open a person's window with its keys, on an application's root or on a toplevel."""
    window = Window(shell, model, look)
    _bind_keys(window)
    return window


def _bind_keys(window: Window) -> None:
    keys: dict[str, Callable[[], object]] = {
        "<F1>": window.toggle_keys,
        "<F9>": window.change_theme,
        "<F12>": window.toggle_cluster_view,
        "<Control-q>": window.close,
        "<Control-l>": lambda: window.act(window.model.open_records),
        "<Escape>": window.escape,
    }
    for key, action in keys.items():
        window.shell.bind(key, lambda _, action=action: action())  # type: ignore[misc]
    in_lobby: dict[str, Callable[[LobbyScreen], object]] = {
        "<Control-n>": LobbyScreen.open_new_room,
        "<Control-f>": LobbyScreen.find,
        "<Control-p>": lambda lobby: lobby.act(lobby.model.seeking.play),
        **{f"<Control-Key-{number + 1}>": partial(LobbyScreen.enter_game, number=number) for number in range(3)},
    }
    for key, in_the_lobby in in_lobby.items():
        window.shell.bind(key, _on(window, LobbyScreen, in_the_lobby))
    in_room: dict[str, Callable[[RoomScreen], object]] = {
        "r": lambda room: room.actions.main(),
        "i": lambda room: room.access.copy_invitation(),
        "t": RoomScreen.toggle_chat,
        "y": lambda room: room.reply(ACCEPT),
        "n": lambda room: room.reply(DECLINE),
    }
    for key, in_the_room in in_room.items():
        window.shell.bind(key, _unless_writing(_on(window, RoomScreen, in_the_room)))
    for key, by in (("<Prior>", -1), ("<Next>", 1), ("<Home>", -MOST_MOVES), ("<End>", MOST_MOVES)):
        window.shell.bind(key, _unless_writing(_on(window, Screen, lambda screen, by=by: screen.go(by))))  # type: ignore[misc]


def _on(window: Window, kind: type[Kind], do: Callable[[Kind], object]) -> OnKey:
    """Return a key handler that runs ``do`` if a screen of that kind is shown."""

    def on_key(_: tk.Event[tk.Misc]) -> None:
        if isinstance(window.screen, kind):
            do(window.screen)

    return on_key


def _unless_writing(on_key: OnKey) -> OnKey:
    def guarded(event: tk.Event[tk.Misc]) -> None:
        if not isinstance(event.widget, tk.Entry):
            on_key(event)

    return guarded
