"""The news of a room, as values. ``news_feed`` puts them together from the servers' answers."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from game.accounts.names import name_key
from game.forms.room_view import View, view_of
from game.rooms.chat import Line
from game.rooms.events import Event, Left
from game.rooms.state import Room


class News(Struct, frozen=True, dict=True):
    """What happened in a room since the previous news.

    ``events`` are in order of version, and the versions are consecutive. If ``gap`` is true, earlier events are
    missing, and only ``view`` shows their result: compaction has removed them, an older backup was restored, or
    this version of the library cannot read them.
    """

    events: tuple[tuple[int, Event], ...]
    shown: View | Room
    """The room after the events. ``view`` shows it."""
    gap: bool
    at: int = 0
    """The service time at which the servers sent this."""
    talk: tuple[Line, ...] = ()
    """The last chat lines, if ``events`` does not have them all: in the first news, and after a gap."""
    draining: bool = False
    """Whether the cluster drains: the running game may finish, and no new game begins."""

    @cached_property
    def view(self) -> View:
        """The room after the events. It is made when it is first read, because many programs read only events."""
        return self.shown if isinstance(self.shown, View) else view_of(self.shown)

    def shows_away(self, name: str) -> bool:
        """Return whether the servers count that player as away, or have made that spectator leave."""
        if isinstance(self.shown, Room):
            players = {player: player not in self.shown.away for player in self.shown.players}
        else:
            players = {owner.name: owner.present for owner in self.shown.seats.values() if owner is not None}
        for player, present in players.items():
            if player == name or name_key(player) == name_key(name):
                return not present
        return any(isinstance(event, Left) and event.by == name for _, event in self.events)
