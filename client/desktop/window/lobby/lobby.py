"""The lobby: the user's open games on top, the list of rooms, who is online."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.desktop.model.lobby.lobby import LobbyModel
from client.desktop.model.lobby.new_room import NewRoom
from client.desktop.model.room.room import Role
from client.desktop.window.lobby.new_room import NewRoomPanel
from client.desktop.window.lobby.open_games import OpenGamesPanel
from client.desktop.window.lobby.play_panel import PlayPanel
from client.desktop.window.widgets.buttons import button, hint, menu_button
from client.desktop.window.widgets.screen import Act, Screen, in_grid, set_text, show, wrap
from client.desktop.window.widgets.table import Column, Table
from client.desktop.window.widgets.theme import Look
from client.texts import lobby as texts
from client.texts.games import brief_terms, room_name
from client.texts.room import invited_to
from client.views import Row
from game.bots.strategy import OFFERED

_COLUMNS = tuple(map(Column, texts.COLUMNS, (106, 84, 112, 60, 68), (False, False, False, False, True)))


class LobbyScreen(Screen[LobbyModel]):
    """The screen for finding a game."""

    def __init__(
        self, parent: tk.Misc, look: Look, act: Act, model: LobbyModel, *, records: Callable[[], object]
    ) -> None:
        super().__init__(parent, look, act, model)
        self._listed: list[Row] | None = None
        self._rows: dict[str, tuple[str, ...]] = {}
        self._listed_search: str | None = None
        self.rowconfigure(4, weight=1)
        self.play = in_grid(PlayPanel(self, look, act, model.seeking), row=0, sticky="ew", pady=(0, look.px(10)))
        self.games = OpenGamesPanel(self, look, lambda room: act(lambda: model.enter(room)))
        self.games.grid(row=1, sticky="ew", pady=(0, look.px(10)))
        self._build_tools()
        self.new_room = NewRoomPanel(self, look, create=self._create, cancel=self.escape)
        self.new_room.grid(row=3, sticky="ew", pady=(0, look.px(10)))
        self.new_room.grid_remove()
        self._build_list()
        self._build_actions(records)
        self.play.play.focus_set()

    def _build_tools(self) -> None:
        look = self.look
        tools = in_grid(ttk.Frame(self), row=2, sticky="ew", pady=(0, look.px(10)))
        tools.columnconfigure(1, weight=1)
        ttk.Label(tools, text=texts.SEARCH.text).grid(row=0, column=0, padx=(0, look.px(8)))
        self.search = in_grid(ttk.Entry(tools, width=12), row=0, column=1, sticky="ew")
        self.open = button(tools, texts.NEW_ROOM, self.open_new_room, "primary")
        self.open.grid(row=0, column=2, padx=look.px(8))
        self.alone, menu = menu_button(tools, texts.COMPUTER, "outline")
        self.alone.grid(row=0, column=3)
        for level in OFFERED:
            menu.add_command(
                label=texts.computer(level),
                command=self.acts(lambda level=level: self.model.create(NewRoom(level=level))),  # type: ignore[misc]
            )
        hint(self.search, texts.SEARCH.hint)
        self.search.bind("<KeyRelease>", lambda _: self._search())
        self.search.bind("<Return>", lambda _: self._enter_found())
        self.search.bind("<Down>", lambda _: self.rooms.focus_set())

    def _build_list(self) -> None:
        self.list = Table(self, self.look, _COLUMNS, lambda _: self._enter("player"), height=2, narrowest=40)
        self.list.grid(row=4, sticky="nsew")
        self.rooms, self.hint = self.list.tree, self.list.hint
        self.rooms.bind("<<TreeviewSelect>>", lambda _: self._refresh_actions())
        self.rooms.bind("w", lambda _: self._enter("spectator"))

    def _build_actions(self, records: Callable[[], object]) -> None:
        look = self.look
        actions = in_grid(ttk.Frame(self), row=5, sticky="ew", pady=(look.px(10), 0))
        actions.columnconfigure(2, weight=1)
        self.join = in_grid(button(actions, texts.JOIN, lambda: self._enter("player"), "primary"), row=0, column=0)
        self.watch = button(actions, texts.WATCH, lambda: self._enter("spectator"), "outline")
        self.watch.grid(row=0, column=1, padx=look.px(8))
        self.message = in_grid(ttk.Label(actions, anchor="e", width=1), row=0, column=2, sticky="ew", padx=look.px(4))
        self.message.bind("<Configure>", lambda event: self.message.configure(wraplength=event.width))
        self.records = in_grid(button(actions, texts.RECORDS, self.acts(records)), row=0, column=3)
        self.online = ttk.Label(self, wraplength=look.px(640), foreground=look.palette.quiet)
        self.online.grid(row=6, sticky="ew", pady=(look.px(10), 0))
        wrap(self.online)
        hint(self.online, lambda: texts.all_online(self.model.online))

    # -- state to show ------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        model, palette = self.model, self.look.palette
        self.play.refresh()
        self.games.refresh(model.games.all())
        rows = model.shown()
        if rows is not self._listed:
            self._listed, self._rows = rows, {row.room: _values(row) for row in rows}
        # A new search selects its first room. A room that disappears takes the selection with it: Enter must not lead
        # to a room that the user did not choose.
        self.list.refresh(self._rows, model.hint, select=model.search != self._listed_search)
        self._listed_search = model.search
        set_text(self.message, model.doing or model.message, palette.quiet if model.doing else palette.text)
        set_text(self.online, texts.online(model.online, model.online_count), palette.quiet)
        self._refresh_actions()

    def _refresh_actions(self) -> None:
        row = self._chosen()
        playing = row is not None and self.model.can_play_in(row)
        self.join.configure(state="normal" if playing else "disabled")
        self.watch.configure(state="normal" if row is not None else "disabled")

    # -- actions ------------------------------------------------------------------------------------------------------

    def escape(self) -> None:
        if self.model.doing:
            self.act(self.model.cancel)
        elif self.model.seeking.is_seeking:
            self.act(self.model.seeking.cancel)
        elif self.new_room.winfo_manager():
            self.new_room.grid_remove()
            self.search.focus_set()
        elif self.search.get():
            self.search.delete(0, "end")
            self._search()

    def open_new_room(self) -> None:
        """Show the panel for a new room."""
        show(self.new_room, True)
        self.new_room.begin()

    def find(self) -> None:
        """Move the keyboard focus to the search."""
        self.search.focus_set()

    def enter_game(self, number: int) -> None:
        """Enter the user's open game of that number, counted from 0."""
        games = self.model.games.all()
        if number < len(games):
            self.act(lambda: self.model.enter(games[number].row.room))

    def _create(self, wanted: NewRoom) -> None:
        self.new_room.grid_remove()
        self.act(lambda: self.model.create(wanted))

    def _enter_found(self) -> None:
        self._search()  # include what was typed or pasted just before
        invitation = invited_to(self.search.get())
        if invitation:
            self.act(lambda: self.model.enter(invitation))
        else:
            self._enter("player")

    def _search(self) -> None:
        self.act(lambda: self.model.search_for(self.search.get()))

    def _chosen(self) -> Row | None:
        return (self.model.rooms or {}).get(self.list.selected)

    def _enter(self, role: Role) -> None:
        row = self._chosen()
        if row is not None:
            as_what: Role = role if self.model.can_play_in(row) else "spectator"
            self.act(lambda: self.model.enter(row.room, as_what))


def _values(row: Row) -> tuple[str, ...]:
    spectators = str(row.spectator_count) if row.spectator_count else ""
    name = room_name(row.title, row.room)
    return name, texts.players(row), brief_terms(row), texts.state(row), spectators
