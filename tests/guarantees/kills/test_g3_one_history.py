"""G3: everyone sees a room's events in one order, with consecutive versions, and nothing that is later not there."""

from __future__ import annotations

import threading

from client import Cluster as Connection
from client import RoomClient
from game.rooms.events import Event
from server.control.cluster import ClusterControl
from tests.conditions import PATIENCE_S
from tests.conftest import Game
from wire import COMMUNICATION, MAIN, REPLICATION


class Watching:
    """Somebody who watches a room in a thread of its own until it has seen a version."""

    def __init__(self, room: RoomClient) -> None:
        self.seen: list[tuple[int, Event]] = []
        self.gaps = 0
        self._room = room
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        for news in self._room.watch(0):
            self.seen.extend(news.events)
            self.gaps += news.gap

    def join(self) -> list[tuple[int, Event]]:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return self.seen


def test_g3_all_see_the_same_events_in_the_same_order_while_servers_die(
    cluster: ClusterControl, connection: Connection, game: Game
) -> None:
    watching = [Watching(connection.claim(f"w{number}").room(game.x.id)) for number in range(5)]
    for role in (MAIN, REPLICATION, MAIN, COMMUNICATION, MAIN):
        game.play(0, 3)
        cluster.kill(role)
        game.play(1, 4, 2)
        game.x.rematch()
        game.o.rematch()
    game.to_move().resign()
    last = game.x.close().version
    histories = [each.join() for each in watching]
    assert [version for version, _ in histories[0]] == list(range(1, last + 1))
    assert all(history == histories[0] for history in histories)
    assert sum(each.gaps for each in watching) == 0


def test_g3_a_watcher_goes_on_from_the_version_it_has(cluster: ClusterControl, game: Game) -> None:
    news = game.x.watch(0)
    first = next(news)
    cluster.kill(MAIN)
    game.play(0)
    second = next(news)
    assert second.events[0][0] == first.events[-1][0] + 1
    assert second.view.board["cells"] == "X........"
