"""News of a room, from answers that a real server gives but rarely."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from client.room import RoomClient
from game.errors import RoomClosed
from game.forms import views
from game.forms.event_codec import to_plain
from game.rooms.events import Closed, Event, Left, Watched
from game.rooms.state import nothing
from wire.errors import DeadlineExceeded, TicTacToeError


class Answers:
    """A connection that gives these answers to ``wait``; the room is closed."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.joined = 0
        self.failures: list[TicTacToeError] = []

    def call(self, method: str, *_arguments: object, **_limits: float) -> Any:
        if method == "wait":
            return self.answers.pop(0)
        if method == "view":
            return {**view(1, "waiting"), "talk": [], "at": 0, "draining": None}
        if method == "join":
            self.joined += 1
            if self.joined > 1 and self.failures:
                raise self.failures.pop(0)
        return {"version": 1, "seat": "X"}

    def close(self) -> None:
        """Nothing is open."""


def answer(*events: tuple[int, Event], phase: str | None = None, gap: bool = False) -> dict[str, Any]:
    version = events[-1][0]
    plain = [{"version": number, **to_plain(event)} for number, event in events]
    seen = phase and view(version, phase)
    return {"events": plain, "version": version, "view": seen, "gap": gap, "at": 0, "draining": None}


def view(version: int, phase: str) -> dict[str, Any]:
    return views.view(replace(nothing("room"), version=version, phase=phase, owner="ada"))  # type: ignore[arg-type]


def test_events_before_a_gap_are_not_given_as_if_they_were_followed_by_those_after_it() -> None:
    connection = Answers(
        answer((1, Watched("ada", "r1")), (2, Watched("bob", "r2"))),
        answer((9, Watched("cy", "r9")), phase="waiting", gap=True),
    )
    news = next(RoomClient("room", "me", "t", lambda _: connection).watch(0))  # type: ignore[arg-type, return-value]
    assert [version for version, _ in news.events] == [9]
    assert news.gap


def test_who_was_sent_away_from_a_room_that_is_closed_by_now_sees_that_it_is_closed() -> None:
    connection = Answers(
        answer((1, Left("me", "house")), phase="waiting"),
        answer((2, Closed("ada", "r2")), phase="closed"),
    )
    connection.failures = [RoomClosed("the room is closed")]
    room = RoomClient("room", "me", "t", lambda _: connection)  # type: ignore[arg-type, return-value]
    room.join()
    assert [news.view.phase for news in room.watch(0)] == ["waiting", "closed"]
    assert connection.joined == 2


def test_who_was_sent_away_and_could_not_come_back_at_once_comes_back_with_the_next_watch() -> None:
    connection = Answers(
        answer((1, Left("me", "house")), phase="waiting"),
        answer((2, Watched("bob", "r2")), phase="waiting"),
    )
    connection.failures = [DeadlineExceeded("no answer")]
    room = RoomClient("room", "me", "t", lambda _: connection)  # type: ignore[arg-type, return-value]
    room.join()
    with pytest.raises(DeadlineExceeded):
        list(room.watch(0))
    assert next(room.watch(1)).view.version == 2
    assert connection.joined == 3
