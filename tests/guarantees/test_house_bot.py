"""The house bot plays whoever finds nobody else, says that it is a program, and goes on whatever dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import psutil
import pytest

from client import Cluster as Connection
from client.room import RoomClient
from game.errors import NameTaken, Refusal
from game.forms.room_view import View
from game.games.tictactoe import EMPTY
from game.match.selection import Proposal, SeekFilter
from server.control.cluster import ClusterControl
from server.rooms.ids import HOUSE_BOT
from tests.conditions import wait_until
from wire import COMMUNICATION, MAIN


def bots_of(cluster: ClusterControl) -> list[psutil.Process]:
    """The house bot's processes: children of the communication server."""
    run = cluster.process_of(COMMUNICATION)
    process = None if run is None else run.process()
    children = [] if process is None else process.children()
    return [child for child in children if any(word.endswith("house_bot.py") for word in child.cmdline())]


def play_series(room: RoomClient, on_move: Callable[[View], None]) -> View:
    """Play first free cells until the series is over; the last view."""
    for news in room.watch():
        view = news.view
        seat = view.seat_of(room.name)
        if view.series_over:
            return view
        try:
            if view.phase == "selecting":
                room.propose(Proposal("3x3", 1, "3+2"))
            elif view.phase == "playing" and view.turn == seat:
                on_move(view)
                room.move(view.board["cells"].index(EMPTY))
        except Refusal:
            continue  # the room has gone on meanwhile: newer news are on their way
    raise AssertionError("the room was closed before the series was over")


def test_the_house_bot_plays_on_though_it_and_the_servers_are_killed(
    cluster: ClusterControl, connection: Connection
) -> None:
    ada = connection.claim("ada")
    room = ada.play_house_bot(SeekFilter(board="3x3"))
    killed: list[str] = []

    def on_move(view: View) -> None:
        if not killed and len(view.moves) >= 2:
            for bot in bots_of(cluster):
                os.kill(bot.pid, signal.SIGKILL)
                killed.append("bot")
            for role in (MAIN, COMMUNICATION):
                cluster.kill(role)

    view = play_series(room, on_move)
    assert killed == ["bot"]
    assert view.bots == (HOUSE_BOT,)
    talk = next(room.watch()).talk
    assert any(line.by == HOUSE_BOT and "a program" in line.text for line in talk)
    played = connection.result(room.id, 1)
    assert played.record.bots == (HOUSE_BOT,)
    assert HOUSE_BOT in [standing.name for standing in connection.leaderboard(bots=True)]
    assert connection.leaderboard() == []
    room.leave()
    wait_until(lambda: connection.rooms() == [], what="the bot goes too, and the room is closed")


def test_nobody_else_can_have_its_name(connection: Connection) -> None:
    for name in (HOUSE_BOT, HOUSE_BOT.upper(), "H0usebot"):
        with pytest.raises(NameTaken):
            connection.claim(name)
