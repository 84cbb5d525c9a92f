"""The main server's part in emptying the cluster: who asks for it is told, and what still holds it up is counted.

That the cluster is being emptied stands in the log (``cluster_state``), so every next main server knows it, whatever is
killed. What a later start has to know, that the cluster was stopped meanwhile, stands in no log. So there is a *mark*,
a file beside the run files: written before the log says it, and gone as soon as the cluster is stopped, or started when
none of its servers ran. A main server that finds the log draining and no mark goes on as usual, and so does the next
one if it is killed over that. What draining refuses is in ``game.rooms.drain_rules``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import structlog

from game import cluster_state
from game.cluster_state import Drain
from game.rooms.drain_rules import is_played
from game.rooms.state import Room
from server.commit.command_port import CommandPort
from server.log.room_stream import room_stream
from server.log.service_stream import THE_SERVICE
from server.rooms.room_store import RoomStore
from server.supervision.run_directory import RunDirectory
from wire.later import now

READ_AT_ONCE = 200
"""So many rooms that are not in memory are read from the journal for one count."""

logger = structlog.get_logger()


class Rooms(Protocol):
    """What the count needs of the house."""

    def unfinished(self) -> list[str]:
        """Rooms whose rows say that a game or a series runs."""

    def at_hand(self, stream: str) -> Room | None:
        """The state of a room in memory."""

    def state_of(self, stream: str) -> Room:
        """The state of a room."""


class StillPlayed:
    """Counts the rooms in which somebody is there for whom a game has to come to its end."""

    def __init__(self, house: Rooms) -> None:
        self._house = house
        self._read: dict[str, bool] = {}

    def count(self) -> int:
        """How many there are. Of very many that are not in memory some may count that are deserted, for a while."""
        read_before, self._read = self._read, {}
        to_read = READ_AT_ONCE
        count = 0
        for room in self._house.unfinished():
            state = self._house.at_hand(room_stream(room))
            if state is not None:
                count += is_played(state)
                continue
            played = read_before.get(room)  # nothing happens in a room while it is not in memory
            if played is None and to_read:
                to_read -= 1
                played = is_played(self._house.state_of(room_stream(room)))
            if played is not None:
                self._read[room] = played
            count += played is not False
        return count


class DrainService:
    """Begins and ends the emptying, in one term of office."""

    def __init__(self, house: RoomStore, committer: CommandPort, run_folder: RunDirectory) -> None:
        self._house = house
        self._committer = committer
        self._run_folder = run_folder
        self._still_played = StillPlayed(house)

    def begin_term(self) -> None:
        """Go on as usual if the cluster was emptied and has been stopped since. Raises StorageFailed."""
        if self._house.service.draining and not self._run_folder.is_marked_draining:
            logger.info("the cluster was emptied and stopped: it is open again")
            self._submit(Drain(on=False))

    def drain(self, on: bool, until: int | None) -> Mapping[str, object] | None:
        """Empty the cluster, until that date at the most, or (not ``on``) go on as usual; what is told of it then.

        Raises StorageFailed.
        """
        if on:
            self._run_folder.mark_draining()
        self._submit(Drain(on, until))
        if not on:
            self._run_folder.unmark_draining()
        return self.told()

    def told(self) -> Mapping[str, object] | None:
        """What people are told, and how many ``registry`` still run; None while nothing is emptied."""
        told = cluster_state.told(self._house.service)
        return None if told is None else {**told, "games": self._still_played.count()}

    def _submit(self, command: Drain) -> None:
        now(self._committer.submit(THE_SERVICE, command))
