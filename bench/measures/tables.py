"""Rooms that the players' processes open and play in, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verify.testbed.task_processes import TaskProcess, all_do, each_does

Rooms = Sequence[Sequence[str]]
"""For each process, the ids of its rooms."""


def open_rooms(players: Sequence[TaskProcess], each: int) -> Rooms:
    """Open ``each`` rooms in each process, with two players in each room."""
    return [opened["rooms"] for opened in all_do(players, {"do": "open", "tables": each})]


def play_in_rooms(
    players: Sequence[TaskProcess], rooms: Rooms, seconds: float, pause_s: float = 0.0
) -> list[dict[str, Any]]:
    """Return the moves of each process that has rooms; see ``Worker.play``."""
    return each_does(
        [
            (player, {"do": "play", "rooms": mine, "seconds": seconds, "pause_s": pause_s})
            for player, mine in zip(players, rooms, strict=True)
            if mine
        ]
    )
