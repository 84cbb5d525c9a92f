"""Makes a sample data folder for tests: ``python tools/sample_data.py tests/samples/data-N``.

Every released format of the data folder has a sample in ``tests/samples``, made once by the code of its time. Tests
start servers on it. So a new format on disk comes with a new sample, and the old ones stay. ``known.json`` beside the
journals has what the tests check: tokens, a request with its first answer, and the state of each room.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

from client import Player, RoomClient, connect
from server.control.cluster import ClusterControl
from verify.testbed.local_cluster import sandbox_settings
from wire import MAIN

FINISHED_GAMES = 4
_X_WINS = (0, 3, 1, 4, 2)
_FIRST_MOVE, _REQUEST = 4, "sample-request"


def main(target: Path) -> None:
    """Play on a sandbox cluster, stop it, and copy its data folder to ``target``."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = ClusterControl(sandbox_settings(Path(folder) / "data", snapshot_every=8, keep_events=4))
        cluster.start()
        try:
            known = _play(cluster)
        finally:
            cluster.stop()
        for role in ("main", "replication"):
            copy = target / role
            copy.mkdir(parents=True)
            for file in (cluster.settings.data / role).iterdir():
                shutil.copy(file, copy / file.name)
            _in_one_file(copy / "journal.db")
    (target / "known.json").write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def _play(cluster: ClusterControl) -> dict[str, Any]:
    with connect(cluster.name_server) as connection:
        ada, bob, eve = (connection.claim(name) for name in ("ada", "Bob", "eve"))
        code = ada.keep()
        long = _two_in(ada, bob, "Many games")
        for _ in range(FINISHED_GAMES):
            _finish(long)
            for room in long:
                room.rematch()
        cluster.kill(MAIN)  # so that the log has entries of two epochs
        running = _two_in(ada, bob, "A running game", width=5, height=4, in_a_row=4)
        answer = running[0].move(_FIRST_MOVE, request_id=_REQUEST)
        running[0].say("good luck")
        eve.room(running[0].id).join("spectator")
        private = eve.create("By invitation", private=True)
        private.join()
        closed = bob.create("Closed")
        closed.close()
        rooms = [long[0], running[0], private]
        return {
            "tokens": {player.name: player.token for player in (ada, bob, eve)},
            "recovery_code": {"name": ada.name, "code": code},
            "request": {
                "room": running[0].id,
                "by": ada.name,
                "move": _FIRST_MOVE,
                "id": _REQUEST,
                "version": answer.version,
            },
            "invitation": private.invite(),
            "closed": closed.id,
            "rooms": {room.id: _seen(room) for room in rooms},
            "finished_games": FINISHED_GAMES,
        }


def _two_in(ada: Player, bob: Player, title: str, **options: object) -> tuple[RoomClient, RoomClient]:
    x = ada.create(title, **options)
    o = bob.room(x.id)
    x.join()
    o.join()
    return x, o


def _finish(players: tuple[RoomClient, RoomClient]) -> None:
    for cell in _X_WINS:
        view = players[0].view()
        next(room for room in players if view.seat_of(room.name) == view.turn).move(cell)


def _seen(room: RoomClient) -> dict[str, Any]:
    view = room.view()
    return {
        "title": view.title,
        "version": view.version,
        "phase": view.phase,
        "cells": view.board["cells"],
        "seats": {seat: None if owner is None else owner.name for seat, owner in view.seats.items()},
    }


def _in_one_file(journal: Path) -> None:
    """Move the content of the journal's write-ahead log into the journal itself."""
    with sqlite3.connect(journal) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
