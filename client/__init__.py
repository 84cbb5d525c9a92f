"""The client library, for every program that plays, watches or measures. No window and no Pyro here.

    from client import connect

    with connect("localhost:1337") as cluster:
        ada = cluster.claim("ada")
        room = ada.create("A friendly game")
        room.join()
        for news in room.watch():
            print(news.view.board["cells"])

A call returns its answer or raises an error of ``wire.errors`` or ``game.errors``, also while servers fail. It is
retried with the same request id, which the servers store, so it is applied once.
"""

from client.cluster import Cluster, connect
from client.player import Player
from client.room import RoomClient
from client.room_news import News
from client.views import Row
from game.forms.room_view import SeatView, View

__all__ = ["Cluster", "News", "Player", "RoomClient", "Row", "SeatView", "View", "connect"]
