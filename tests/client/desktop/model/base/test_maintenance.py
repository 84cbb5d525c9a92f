"""What people are told of servers that close."""

from __future__ import annotations

import time

from client.desktop.model.base.connection_state import Banner, Closing, closing_from, with_closing
from client.desktop.model.lobby.new_room import NewRoom
from client.texts import connection
from server.control.cluster import ClusterControl
from tests.client.desktop.model.seat import SitDown

HALF_PAST_TWO = time.mktime((2030, 5, 1, 14, 30, 0, 0, 0, -1))
LOST, BACK = Banner("lost", "Connection lost — reconnecting"), Banner("back", "Reconnected after 0.4 s")


def test_servers_that_stay_are_not_spoken_of() -> None:
    assert closing_from({}) is None
    assert closing_from({"draining": None}) is None
    assert with_closing(None, None) is None
    assert with_closing(LOST, None) == LOST


def test_it_is_said_when_they_close() -> None:
    closing = closing_from({"draining": {"until": HALF_PAST_TWO}})
    assert with_closing(None, closing) == Banner(
        "closing", "The servers stop for maintenance at 14:30. Please finish your game."
    )
    assert closing_from({"draining": {"until": None}}) == Closing(None)
    assert "when all games are over" in connection.closing(None)


def test_news_of_the_connection_go_first_and_what_was_announced_is_why_nobody_answers() -> None:
    assert with_closing(BACK, Closing(None)) == BACK
    assert with_closing(LOST, Closing(None)) == Banner("lost", "The servers are down for maintenance — reconnecting")


def test_people_are_told_in_lobby_and_room_and_hear_when_it_is_called_off(
    cluster: ClusterControl, sit_down: SitDown
) -> None:
    ann, bob = sit_down(cluster.name_server, "ann"), sit_down(cluster.name_server, "bob")
    ann.creates("a table")
    assert bob.lobby.rooms is not None
    assert cluster.set_drain(True, int(HALF_PAST_TWO))
    told = Banner("closing", "The servers stop for maintenance at 14:30. Please finish your game.")
    for seat in (ann, bob):
        seat.wait(lambda seat=seat: seat.model.banner() == told, "the notice")  # type: ignore[misc]
    assert ann.model.shown is ann.model.room
    assert bob.model.shown is bob.model.lobby
    bob.lobby.create(NewRoom("another"))
    bob.wait(lambda: bob.lobby.message, "the refusal")
    assert bob.lobby.message == "The cluster is closing for maintenance: no new rooms."
    assert cluster.set_drain(False)
    bob.wait(lambda: bob.model.banner() is None, "nothing is said any more")
