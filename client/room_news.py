"""The news of a room, put together from the servers' answers. Pure: ``client.room`` makes the calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.views import View, line_from, view_from
from game.forms.event_codec import from_plain
from game.rooms.chat import Line
from game.rooms.events import Event, Left


@dataclass(frozen=True)
class News:
    """What happened in a room since the previous news.

    ``events`` are in order of version, and the versions are consecutive. If ``gap`` is true, earlier events are
    missing, and only ``view`` shows their result: compaction has removed them, or an older backup was restored.
    """

    events: tuple[tuple[int, Event], ...]
    view: View
    gap: bool
    at: int = 0
    """The service time at which the servers sent this."""
    talk: tuple[Line, ...] = ()
    """The last chat lines, if ``events`` does not have them all: in the first news, and after a gap."""
    draining: bool = False
    """Whether the cluster drains: the running game may finish, and no new game begins."""

    def shows_away(self, name: str) -> bool:
        """Return whether the servers count that player as away, or have made that spectator leave."""
        seat = self.view.seat_of(name)
        owner = None if seat is None else self.view.seats[seat]
        if owner is not None:
            return not owner.present
        return any(isinstance(event, Left) and event.by == name for _, event in self.events)


class NewsFeed:
    """Takes the answers of ``wait`` and returns news. Several answers can carry the events of one news."""

    def __init__(self, version: int) -> None:
        """``version``: the news have the events after it."""
        self.version = version
        """The version of the last event that has arrived."""
        self._events: list[tuple[int, Event]] = []
        self._gap = False

    def take(self, answer: Mapping[str, Any]) -> News | None:
        """Return the news that the answer completes, with or without events; None if more answers follow."""
        if answer["gap"]:
            self._events, self._gap = [], True  # events before the gap and after it are not consecutive
        self._events += [(plain["version"], from_plain(plain)) for plain in answer["events"]]
        self.version = answer["version"]
        if answer["view"] is None:
            return None
        events, gap = tuple(self._events), self._gap
        self._events, self._gap = [], False
        return News(events, view_from(answer["view"]), gap, answer["at"], draining=_drains(answer))


def current_news(answer: Mapping[str, Any]) -> News:
    """Return the current state of a room, with its last chat lines, from an answer of ``view``."""
    talk = tuple(map(line_from, answer["talk"]))
    return News((), view_from(answer), False, answer["at"], talk, draining=_drains(answer))


def _drains(answer: Mapping[str, Any]) -> bool:
    return answer.get("draining") is not None
