"""What a player sees while the servers cannot save anything: a sentence, and no lost connection."""

from __future__ import annotations

import random
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import connect
from client.bot import Bot
from client.texts.phrases import refusal
from game.bots.strategy import LEVELS
from game.errors import NotYourTurn
from server.control.cluster import ClusterControl
from server.main.reads import READ_ONLY
from tests.client.desktop.model.seat import SitDown
from tests.conditions import wait_until
from tests.conftest import Game, whole_with_room
from verify.testbed.cluster_faults import ClusterFaults
from wire import MAIN, REPLICATION
from wire.errors import StorageFailed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process's files be limited")


def fill_disk_and_kill_main(cluster: ClusterControl) -> None:
    """Have a main server that serves reads only."""
    havoc = ClusterFaults(cluster, None, None, {}, {})  # type: ignore[arg-type]  # no clock is set
    for role in (REPLICATION, MAIN):
        havoc.fill_disk(role)
    havoc.kill(MAIN)  # it may have been replaced since, by one that cannot be written down
    wait_until(lambda: any(role.step == READ_ONLY for role in cluster.status()), what="a main server that serves reads")


def test_a_move_is_refused_in_a_sentence_and_can_be_made_later(sit_down: SitDown, cluster: ClusterControl) -> None:
    ann, ben = sit_down(cluster.name_server, "ann"), sit_down(cluster.name_server, "ben")
    room = ann.creates("a game")
    assert room.view is not None
    ben.enters(room.view.room)
    ann.plays(0)
    fill_disk_and_kill_main(cluster)
    ben.plays(4)
    assert ben.room.command.notice.startswith("The servers cannot save at the moment: the journal")
    assert ben.room.view is not None
    assert ben.room.view.board["cells"] == "X........"
    ben.wait(lambda: (banner := ben.model.banner()) is None or banner.kind == "back", "no word of a lost connection")
    whole_with_room(cluster)
    ben.plays(4)
    assert ben.room.command.notice == ""
    ann.wait(lambda: ann.room.view is not None and ann.room.view.board["cells"] == "X...O....", "the move")


def test_a_computer_player_goes_on_when_there_is_space(cluster: ClusterControl) -> None:
    with connect(cluster.name_server) as connection, ThreadPoolExecutor(1) as pool:
        game = Game(connection)
        fill_disk_and_kill_main(cluster)
        playing = pool.submit(Bot(game.o, LEVELS["easy"], random.Random(1)).run, 1)
        with pytest.raises(StorageFailed):
            game.x.move(4)
        assert not playing.done()
        whole_with_room(cluster)
        game.x.move(4)
        wait_until(lambda: len(game.x.view().moves) == 2, what="the computer's move")
        game.x.resign()
        assert playing.result().games == 1


def test_what_the_rules_refuse_is_said_as_ever() -> None:
    assert refusal(NotYourTurn("it is not your turn")) == "Not possible: it is not your turn."
