"""One process of people, which can be killed and started again.

``Crowds`` starts it as ``python -m verify.chaos.workload_process FOLDER GROUP LIFE``.
What it is to do stands in ``FOLDER/crowds.json``; it plays until a line comes on its standard
input, then it finishes, and ends at once when that is closed instead: its starter is gone.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from client.cluster import Cluster, connect
from client.connection import ATTEMPT_S
from client.credentials import new_token
from client.player import Player
from verify.chaos.client_session import RoomAddress
from verify.chaos.history_writer import HistoryWriter
from verify.chaos.match_players import MatchPlayer
from verify.chaos.players import LOOK_AGAIN_S, ChaosPlayer
from wire.errors import Busy, NotReady, StorageFailed, TicTacToeError, Unreachable

BRIEF = "crowds.json"
PATIENCE_S = 8.0
"""How long a call goes on trying. Shorter than some of what falls lasts, so that some calls are given up."""
HURRY_S = 0.3
"""So soon all groups but one make a call again that has no answer: it would mostly have come, so that there are many
second tries of what was carried out."""


@dataclass(frozen=True)
class Assignment:
    """What all processes of clients are to do."""

    name_server: str
    seed: int
    places: tuple[tuple[RoomAddress, ...], ...]
    """By group, who is in it."""
    tokens: dict[str, str]

    @classmethod
    def for_tables(cls, name_server: str, *, seed: int, tables: int, groups: int, contestants: int = 0) -> Assignment:
        """People at so many tables, and so many who ask for matches. Those of one table are in different groups: a kill
        leaves others waiting.
        """
        places: list[list[RoomAddress]] = [[] for _ in range(groups)]
        for number in range(tables):
            for offset, part in enumerate(("owner", "guest", "watcher")):
                table = f"t{number + 1}"
                places[(number + offset) % groups].append(RoomAddress(f"{table}-{part}", table, part))
        for number in range(contestants):
            places[number % groups].append(RoomAddress(f"c{number + 1}", "", "contestant"))
        tokens = {place.name: new_token() for group in places for place in group}
        return cls(name_server, seed, tuple(tuple(group) for group in places), tokens)

    def write(self, folder: Path) -> None:
        """Put it where the processes find it."""
        (folder / BRIEF).write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Assignment:
        """What was written there."""
        plain = json.loads((folder / BRIEF).read_text())
        places = tuple(tuple(RoomAddress(**place) for place in group) for group in plain.pop("places"))
        return cls(places=places, **plain)


def main(arguments: Sequence[str]) -> None:
    """Be group ``GROUP`` for the ``LIFE``th time."""
    folder, group, life = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    brief = Assignment.read(folder)
    recorder = HistoryWriter(folder / f"{group}-{life}.jsonl")
    finishing = threading.Event()
    threading.Thread(target=_obey, args=(finishing,), daemon=True).start()
    cluster = _connected(brief.name_server, HURRY_S if group else ATTEMPT_S)
    threads = []
    for place in brief.places[group]:
        client = f"{place.name}@{group}.{life}"
        chance = random.Random(f"{brief.seed}/{client}")

        def run(place: RoomAddress = place, client: str = client, chance: random.Random = chance) -> None:
            player = _claimed(cluster, place.name, brief.tokens[place.name], recorder)
            kind = MatchPlayer if place.part == "contestant" else ChaosPlayer
            kind(place, cluster, player, recorder, client, chance, finishing).run()

        threads.append(threading.Thread(target=run, daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _obey(finishing: threading.Event) -> None:
    if sys.stdin.readline():
        finishing.set()
    else:
        os._exit(1)


def _connected(name_server: str, attempt_s: float) -> Cluster:
    while True:
        try:
            return connect(name_server, deadline_s=PATIENCE_S, attempt_s=attempt_s)
        except (Unreachable, NotReady, Busy):
            time.sleep(LOOK_AGAIN_S)


def _claimed(cluster: Cluster, name: str, token: str, recorder: HistoryWriter) -> Player:
    while True:
        try:
            return cluster.claim(name, token=token)
        except (Unreachable, NotReady, Busy, StorageFailed):
            pass
        except TicTacToeError as error:
            recorder.surprise(name, f"its name was refused: {error.code}: {error.message}")
        time.sleep(LOOK_AGAIN_S)


if __name__ == "__main__":
    main(sys.argv[1:])
