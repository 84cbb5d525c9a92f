"""Puts the news of a room together from the servers' answers. Pure: ``client.room`` makes the calls.

The feed asks for the room's state once, then only for events and a checksum. It evolves the state by the events with
the servers' code. When events are missing, it asks for the state again. When it cannot read a state or an event, or its
checksum differs from the server's, it asks for views from then on, as plain clients do. A server of an older version
sends a view in any case.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Literal

from client.room_news import News
from client.views import state_from, talk_from, view_from
from game.errors import InvalidArgument, InvariantBroken, check
from game.forms.event_codec import from_plain
from game.forms.public_state import checksum, follow
from game.forms.room_view import View
from game.rooms.events import Event
from game.rooms.state import Room
from wire.errors import ProtocolMismatch

logger = logging.getLogger(__name__)


class NewsFeed:
    """Takes answers of ``view`` and ``wait`` and returns news. Several answers can carry the events of one news."""

    def __init__(self, version: int = 0) -> None:
        """``version``: the news have the events after it."""
        self.version = version
        """The version of the last event that has arrived."""
        self._room: Room | None = None
        """The room at ``version``; None until its state has arrived, and while views are used."""
        self._follows = True
        """False once this code could not follow the room."""
        self._events: list[tuple[int, Event]] = []
        self._gap = False

    @property
    def form(self) -> Literal["view", "state", "checksum"]:
        """The form of the room to ask for."""
        if not self._follows:
            return "view"
        return "state" if self._room is None else "checksum"

    @property
    def is_waiting(self) -> bool:
        """Whether the next call can wait for events. It cannot while a part of the news has arrived."""
        return not (self._events or self._gap)

    def begin(self, answer: Mapping[str, Any]) -> News | None:
        """Take an answer of ``view`` and return the present state, with the last chat lines.

        Return None if ``view`` must be called again in another form.
        """
        shown: View | Room | None
        if "state" in answer:
            shown = self._take_state(answer)
            talk = () if shown is None else shown.talk
        else:
            shown, talk = self._take_view(answer), talk_from(answer)
        if shown is None:
            return None
        self.version = shown.version
        return News((), shown, False, answer["at"], talk, draining=_drains(answer))

    def take(self, answer: Mapping[str, Any]) -> News | None:
        """Return the news that an answer of ``wait`` completes, with or without events; None if more answers follow."""
        if answer["gap"]:
            self._miss()
        for plain in answer["events"]:
            self._add(plain)
        self.version = answer["version"]
        shown = self._result(answer)
        if shown is None:
            return None
        events, gap = tuple(self._events), self._gap
        self._events, self._gap = [], False
        talk = shown.talk if gap and isinstance(shown, Room) else ()
        return News(events, shown, gap, answer["at"], talk, draining=_drains(answer))

    def use_views(self, why: str) -> None:
        """Ask for views from now on."""
        if self._follows:
            logger.warning("the events of a room cannot be followed, its views are used: %s", why)
        self._follows, self._room = False, None

    # -- events -------------------------------------------------------------------------------------------------------

    def _add(self, plain: Mapping[str, Any]) -> None:
        """Add an event. Events before an unknown event are dropped: the versions in a news are consecutive."""
        try:
            event = from_plain(plain)
        except InvalidArgument as error:
            self._miss()
            self.use_views(error.message)
            return
        self._events.append((plain["version"], event))
        if self._room is not None:
            try:
                check(plain["version"] == self._room.version + 1, "an event is missing")
                self._room = follow(self._room, event)
            except InvariantBroken as error:
                self.use_views(error.message)

    def _miss(self) -> None:
        """Note that events are missing."""
        self._events, self._gap, self._room = [], True, None

    # -- the room after the events ------------------------------------------------------------------------------------

    def _result(self, answer: Mapping[str, Any]) -> View | Room | None:
        """Return the room that an answer of ``wait`` leads to; None if another answer is needed for it."""
        if "view" in answer:
            return None if answer["view"] is None else self._take_view(answer["view"])
        if "state" in answer:
            return None if answer["state"] is None else self._take_state(answer)
        return None if answer["checksum"] is None else self._checked(answer["checksum"])

    def _take_view(self, plain: Mapping[str, Any]) -> View:
        self._room = None
        return view_from(plain)

    def _take_state(self, answer: Mapping[str, Any]) -> Room | None:
        try:
            self._room = state_from(answer["state"])
        except ProtocolMismatch as error:
            self.use_views(error.message)
        return self._room

    def _checked(self, theirs: int) -> Room | None:
        """Return the room if its checksum is the server's."""
        if self._room is not None and checksum(self._room) != theirs:
            self.use_views(f"room {self._room.id} at version {self._room.version} differs from the server's")
        return self._room


def _drains(answer: Mapping[str, Any]) -> bool:
    return answer.get("draining") is not None
