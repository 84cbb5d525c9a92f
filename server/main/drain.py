"""The main server's part of a drain: begins it, ends it, and counts the games that still run.

The log stores that the cluster drains (``cluster_state``), so each next primary continues the drain after any kill. The
log cannot store that the cluster was stopped afterwards. Therefore a marker file is kept beside the run files. It is
written before the log entry. It is removed when the drain ends, when the cluster is stopped, and when it is started
while none of its servers runs.

A primary that finds a draining log and no marker file ends the drain. If it is killed before that, the next primary
does the same. ``game.rooms.drain_rules`` has what a drain refuses.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from game import cluster_state
from game.cluster_state import Drain
from game.rooms.drain_rules import is_played
from server.log.room_stream import room_stream
from server.log.service_stream import THE_SERVICE
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects, Submit
from server.supervision.run_directory import RunDirectory

READ_AT_ONCE = 200
"""The most rooms outside memory that one count reads from the journal."""

logger = structlog.get_logger()


class StillPlayed:
    """Counts the rooms in which a person is present and a game or series has to finish."""

    def __init__(self, store: RoomStore) -> None:
        self._store = store
        self._read: dict[str, bool] = {}  # rooms outside memory at the last count -> whether they counted

    def count(self) -> int:
        """Return the number of such rooms.

        If very many rooms are outside memory, some deserted rooms may be counted for a while.
        """
        read_before, self._read = self._read, {}
        to_read = READ_AT_ONCE
        count = 0
        for room in self._store.index.unfinished():
            state = self._store.cached(room_stream(room))
            if state is not None:
                count += is_played(state)
                continue
            played = read_before.get(room)  # a room outside memory does not change
            if played is None and to_read:
                to_read -= 1
                played = is_played(self._store.state_of(room_stream(room)))
            if played is not None:
                self._read[room] = played
            count += played is not False
        return count


class DrainService:
    """Begins and ends a drain, during one term of the primary."""

    def __init__(self, store: RoomStore, run_directory: RunDirectory) -> None:
        self._store = store
        self._run_directory = run_directory
        self._still_played = StillPlayed(store)

    def end_if_stopped(self) -> Effects[None]:
        """End the drain if the cluster was stopped since it began. Raises StorageFailed."""
        if self._store.service.draining and not self._run_directory.is_marked_draining:
            logger.info("drain ended", why="the cluster was stopped")
            yield Submit(THE_SERVICE, Drain(on=False))

    def drain(self, on: bool, until: int | None) -> Effects[Mapping[str, object] | None]:
        """Begin a drain until ``until`` at the latest, or end it if ``on`` is false. Return what ``notice`` returns.

        ``until``: a date in seconds since 1970. Raises StorageFailed.
        """
        if on:
            self._run_directory.mark_draining()
        yield Submit(THE_SERVICE, Drain(on, until))
        if not on:
            self._run_directory.unmark_draining()
        return self.notice()

    def notice(self) -> Mapping[str, object] | None:
        """Return the drain's ``until``, and in ``games`` how many still run; None without a drain."""
        notice = cluster_state.drain_notice(self._store.service)
        return None if notice is None else {**notice, "games": self._still_played.count()}
