"""The communication server's copy of the lobby: it follows, and readers of it end with the same rows."""

from __future__ import annotations

import threading
from typing import Any

from game.forms.views import LATER_IN_ROWS
from server.communication.lobby_follower import LobbyFollower
from server.rooms.lobby import BEGINNING, Lobby, LobbyChange


def row(room: str) -> dict[str, Any]:
    return {"room": room, **LATER_IN_ROWS}


def answer(lobby: Lobby, copy: LobbyFollower) -> dict[str, Any]:
    changes = lobby.since(copy.cursor, 2)
    return {"cursor": changes.cursor, "changed": changes.changed, "reset": changes.reset, "more": changes.more}


def follow(lobby: Lobby, copy: LobbyFollower) -> None:
    while True:
        given = answer(lobby, copy)
        copy.apply(given)
        if not given["more"]:
            return


def test_the_copy_follows_in_pages() -> None:
    lobby, copy = Lobby(), LobbyFollower()
    for number in range(1, 8):
        lobby.put(LobbyChange(number, f"r{number}", row(f"r{number}")))
    copy.apply(answer(lobby, copy))
    assert not copy.complete
    follow(lobby, copy)
    assert copy.complete
    assert copy.lobby.rows == lobby.rows


def test_readers_of_a_copy_that_began_anew_begin_anew_too() -> None:
    lobby, copy = Lobby(), LobbyFollower()
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


def test_after_a_shorter_log_readers_begin_anew_once_and_then_wait() -> None:
    lobby, copy = Lobby(), LobbyFollower()
    lobby.put(LobbyChange(50, "old", row("old")))
    follow(lobby, copy)
    cursor = copy.lobby.since(BEGINNING, 10).cursor
    other = Lobby()
    other.put(LobbyChange(3, "new", row("new")))
    follow(other, copy)
    changes = copy.lobby.since(cursor, 10)
    assert changes.reset
    assert not copy.lobby.has_news(changes.cursor)


def test_who_waits_for_a_change_goes_on_once_it_is_in_the_copy() -> None:
    lobby, copy = Lobby(), LobbyFollower()
    lobby.put(LobbyChange(3, "room", row("room")))
    threading.Thread(target=follow, args=(lobby, copy)).start()
    copy.wait_for(3, 10.0)
    assert "room" in copy.lobby.rows
    copy.wait_for(4, 0.0)
