"""Two windows side by side, in a room of their own: ``tictactoe.py play`` opens them."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import sys
from pathlib import Path

from client.cluster import Cluster, connect
from client.player import Player
from client.texts.lobby import players_room
from client.views import Row
from game.errors import NameTaken

NAMES = ("Ada", "Bob")
COMMAND_LINE = Path(__file__).resolve().parents[2] / "tictactoe.py"


def play(server: str) -> None:
    """Open two windows in a room and return when both are closed. Raises the errors of the client library."""
    with connect(server) as cluster:
        players = [_claimed(cluster, name) for name in NAMES]
        room = _room_of(cluster, players)
    windows = [
        subprocess.Popen(
            [
                sys.executable,
                str(COMMAND_LINE),
                "--name",
                player.name,
                "--server",
                server,
                "--room",
                room,
                "--side",
                side,
            ]
        )
        for player, side in zip(players, ("left", "right"), strict=True)
    ]
    for window in windows:
        # Ctrl-C reaches the windows too, and they close by themselves.
        with contextlib.suppress(KeyboardInterrupt):
            window.wait()
    for window in windows:
        window.wait()


def _claimed(cluster: Cluster, name: str) -> Player:
    """Return a player of that name, or of a similar name when it belongs to another user."""
    try:
        return cluster.claim(name, remember=True)
    except NameTaken:
        return cluster.claim(f"{name}-{secrets.token_hex(2)}", remember=True)


def _room_of(cluster: Cluster, players: list[Player]) -> str:
    """Return the room in which these two already have seats, or a new room."""
    names = {player.name for player in players}
    there: list[Row] = [row for row in cluster.rooms() if set(row.players.values()) == names]
    if there:
        return there[0].room
    return players[0].create(players_room([player.name for player in players])).id
