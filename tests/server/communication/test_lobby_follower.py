"""The communication server's copy of the lobby: it follows, and readers of it end with the same rows."""

from __future__ import annotations

from typing import Any

import pytest

from game.forms.views import LATER_IN_ROWS
from server.communication.following import FOLLOW_WAIT_S, PAGE
from server.communication.lobby_follower import FOLLOW_RETRY_S, LobbyFollower
from server.rooms.lobby import BEGINNING, Lobby, LobbyChange
from tests.server.timers_by_hand import TimersByHand
from wire.errors import NotReady
from wire.later import Later


def row(room: str) -> dict[str, Any]:
    return {"room": room, **LATER_IN_ROWS}


@pytest.fixture
def timers() -> TimersByHand:
    return TimersByHand()


@pytest.fixture
def copy(timers: TimersByHand) -> LobbyFollower:
    return LobbyFollower(timers, timers.clock)


def answer(lobby: Lobby, copy: LobbyFollower) -> dict[str, Any]:
    changes = lobby.since(copy.cursor, 2)
    return {"cursor": changes.cursor, "changed": changes.changed, "reset": changes.reset, "more": changes.more}


def follow(lobby: Lobby, copy: LobbyFollower) -> None:
    while True:
        given = answer(lobby, copy)
        copy.apply(given)
        if not given["more"]:
            return


def test_the_copy_follows_in_pages(copy: LobbyFollower) -> None:
    lobby = Lobby()
    for number in range(1, 8):
        lobby.put(LobbyChange(number, f"r{number}", row(f"r{number}")))
    copy.apply(answer(lobby, copy))
    assert not copy.complete
    follow(lobby, copy)
    assert copy.complete
    assert copy.lobby.rows == lobby.rows


def test_readers_of_a_copy_that_began_anew_begin_anew_too(copy: LobbyFollower) -> None:
    lobby = Lobby()
    lobby.put(LobbyChange(5, "old", row("old")))
    follow(lobby, copy)
    cursor = copy.lobby.since(BEGINNING, 10).cursor
    other = Lobby()
    other.put(LobbyChange(9, "new", row("new")))
    other.complete_up_to(9, forgotten=8)
    follow(other, copy)
    changes = copy.lobby.since(cursor, 10)
    assert changes.reset
    assert [change.room for change in changes.changed] == ["new"]


def test_a_part_of_the_list_is_never_shown_as_all_of_it(copy: LobbyFollower) -> None:
    lobby = Lobby()
    for number in range(1, 6):
        lobby.put(LobbyChange(number, f"r{number}", row(f"r{number}")))
    cursors = [BEGINNING, lobby.since(BEGINNING, 2).cursor, lobby.since(BEGINNING, 10).cursor]
    for _ in range(2):  # with nothing read, and with the first page
        for cursor in cursors:
            with pytest.raises(NotReady):
                copy.changes(cursor, 10)
        copy.apply(answer(lobby, copy))
    follow(lobby, copy)
    assert not copy.changes(cursors[-1], 10)["reset"], "a reader of all keeps its list"


def test_after_a_shorter_log_readers_begin_anew_once_and_then_wait(copy: LobbyFollower) -> None:
    lobby = Lobby()
    lobby.put(LobbyChange(50, "old", row("old")))
    follow(lobby, copy)
    cursor = copy.lobby.since(BEGINNING, 10).cursor
    other = Lobby()
    other.put(LobbyChange(3, "new", row("new")))
    follow(other, copy)
    changes = copy.lobby.since(cursor, 10)
    assert changes.reset
    assert not copy.lobby.has_news(changes.cursor)


def test_who_waits_for_a_change_goes_on_once_it_is_in_the_copy(timers: TimersByHand, copy: LobbyFollower) -> None:
    lobby = Lobby()
    lobby.put(LobbyChange(2, "before", row("before")))
    waits = [timers.begin(copy.wait_for(revision, 10.0)) for revision in (3, 3, 4)]
    follow(lobby, copy)
    timers.run()
    assert not any(wait.settled for wait in waits), "an earlier change is not the one"
    lobby.put(LobbyChange(3, "room", row("room")))
    follow(lobby, copy)
    timers.run()
    assert [wait.settled for wait in waits] == [True, True, False]
    timers.advance(9.9)
    assert not waits[-1].settled
    timers.advance(0.2)
    assert waits[-1].settled, "its time is up"


def test_what_the_copy_has_is_not_waited_for(timers: TimersByHand, copy: LobbyFollower) -> None:
    lobby = Lobby()
    lobby.put(LobbyChange(3, "room", row("room")))
    follow(lobby, copy)
    assert timers.begin(copy.wait_for(3, 10.0)).settled
    assert timers.begin(copy.wait_for(4, 0.0)).settled


class HeldCalls:
    """Stands where the main server is: a call is answered when the test does it."""

    def __init__(self) -> None:
        self.open: list[tuple[tuple[object, ...], Later]] = []

    def call(self, method: str, *arguments: object) -> Later:
        assert method == "lobby_changes"
        self.open.append((arguments, Later()))
        return self.open[-1][1]

    def next(self) -> tuple[tuple[object, ...], Later]:
        """The one call that is open."""
        (call,) = self.open
        self.open.clear()
        return call


def test_it_goes_on_where_it_was_when_the_main_server_is_back(timers: TimersByHand, copy: LobbyFollower) -> None:
    lobby, main = Lobby(), HeldCalls()
    for number in range(1, 6):
        lobby.put(LobbyChange(number, f"r{number}", row(f"r{number}")))
    timers.call_other_server = main.call
    timers.begin(copy.follow())
    _, first = main.next()
    first.answer(answer(lobby, copy))
    assert not copy.complete

    for _ in range(3):
        _, failing = main.next()
        failing.fail(NotReady("the main server is being replaced"))
        assert not main.open, "it pauses first"
        timers.advance(FOLLOW_RETRY_S)
    assert copy.retries.trouble is not None
    assert len(copy.lobby.rows) == 2, "the copy stays as it was"

    for _ in range(2):
        asked, later = main.next()
        assert asked == (*copy.cursor, PAGE, 0.0), "there is more, so it need not wait"
        later.answer(answer(lobby, copy))
    assert copy.retries.trouble is None
    assert copy.complete
    assert copy.lobby.rows == lobby.rows
    assert main.next()[0] == (*copy.cursor, PAGE, FOLLOW_WAIT_S), "now it waits for news"
