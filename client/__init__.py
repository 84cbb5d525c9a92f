"""The client library: what every program that plays, watches or measures uses. No window, no Pyro.

    from client import connect

    with connect("localhost:1337") as cluster:
        ada = cluster.claim("ada")
        room = ada.create("A friendly game")
        room.join()
        for news in room.watch():
            print(news.view.board["cells"])

Whatever dies on the other side, a call either returns its answer or raises one of ``errors``: it is tried again with
the same request id, which the servers know, so nothing is done twice.
"""

from client.cluster import Cluster, connect
from client.player import Player
from client.room import News, RoomClient
from client.views import Row, SeatView, View

__all__ = ["Cluster", "News", "Player", "RoomClient", "Row", "SeatView", "View", "connect"]
