"""Whole games between real windows on a real cluster."""

from __future__ import annotations

from server.cluster import Cluster
from tests.window.conftest import Desk, Person


def two_in_a_room(desk: Desk, cluster: Cluster, names: tuple[str, str] = ("ada", "bob")) -> tuple[Person, Person]:
    """The first opens a room in the lobby, the second finds it there and joins with Enter."""
    ada, bob = (desk.sit_down(cluster.name_server, name) for name in names)
    title = f"{names[0]}'s table"
    ada.lobby.open.invoke()
    ada.lobby.new_room.title.insert(0, title)
    ada.lobby.new_room.open.invoke()
    ada.waits_for(headline="Waiting for somebody to play with you")
    lobby = bob.lobby
    room = ada.room.model.id
    desk.wait(lambda: room in lobby.rooms.get_children(), "the room appears by itself")
    assert lobby.rooms.item(room, "values")[0] == title
    lobby.rooms.selection_set(room)
    bob.types(lobby.rooms, "Return")
    ada.waits_for(headline="Your turn")
    bob.waits_for(headline="ada is to move" if names[0] == "ada" else f"{names[0]} is to move")
    return ada, bob


def test_two_play_to_a_win_while_a_third_watches(desk: Desk, shared_cluster: Cluster) -> None:
    ada, bob = two_in_a_room(desk, shared_cluster)
    eve = desk.sit_down(shared_cluster.name_server, "eve", room=ada.room.model.id, watch=True)
    eve.waits_for(headline="ada is to move")

    for player, cell, board in (
        (ada, 0, "X........"),
        (bob, 4, "X...O...."),
        (ada, 1, "XX..O...."),
        (bob, 5, "XX..OO..."),
        (ada, 2, "XXX.OO..."),
    ):
        player.clicks(cell)
        for person in (ada, bob, eve):
            person.waits_for(board=board)
    ada.waits_for(headline="You won!")
    bob.waits_for(headline="ada won")
    eve.waits_for(headline="ada won")
