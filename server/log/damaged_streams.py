"""What is damaged in one copy of the log, by stream: noticed, mended from the other copy, or lost in both.

Lives here: the list, and what log, ``cluster status`` and metrics report of it. ``journal`` notices damage, ``mending``
decides what is put in its place, ``replicator`` does it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

MOST_NAMED = 5
"""Streams that a status names; more are counted."""

logger = structlog.get_logger()


def _nothing() -> None:
    """Nobody waits for damage to be noticed."""


class DamagedStreams:
    """The damaged streams of one journal. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, None] = {}
        self._lost: dict[str, None] = {}
        self.found = 0
        """How often damage was noticed in a stream since this process began."""
        self.mended = 0
        """How many streams were mended since this process began."""
        self.on_found: Callable[[], None] = _nothing
        """Called whenever another stream has to be mended."""

    def notice(self, stream: str) -> None:
        """A row of that stream is damaged: it has to be mended, unless it is known that nothing can."""
        with self._lock:
            if stream in self._waiting or stream in self._lost:
                return
            self._waiting[stream] = None
            self.found += 1
        logger.error("a row of the journal is damaged", stream=stream)
        self.on_found()

    def mend(self, stream: str) -> None:
        """Nothing of that stream is damaged any more."""
        with self._lock:
            known = stream in self._waiting or stream in self._lost
            self._waiting.pop(stream, None)
            self._lost.pop(stream, None)
            self.mended += known
        if known:
            logger.warning("what was damaged is mended", stream=stream)

    def lose(self, stream: str) -> None:
        """Neither copy has all of that stream any more."""
        with self._lock:
            self._waiting.pop(stream, None)
            known = stream in self._lost
            self._lost[stream] = None
        if not known:
            logger.error("what is damaged here is damaged in the other copy, too: it is lost", stream=stream)

    def forget(self, stream: str) -> None:
        """That stream is no more."""
        with self._lock:
            self._waiting.pop(stream, None)
            self._lost.pop(stream, None)

    def retry_all(self) -> None:
        """The other copy is another one now: what was lost may be there."""
        with self._lock:
            self._waiting |= self._lost
            self._lost.clear()

    def knows(self, stream: str) -> bool:
        """Whether that stream is damaged."""
        return stream in self._waiting or stream in self._lost

    @property
    def waiting(self) -> list[str]:
        """The streams that have to be mended, in the order in which they were noticed."""
        return list(self._waiting)

    @property
    def lost(self) -> list[str]:
        """The streams of which neither copy has all."""
        return list(self._lost)

    def as_plain(self) -> dict[str, object]:
        """For a status: how many streams wait and are lost, and the first of their names."""
        waiting, lost = self.waiting, self.lost
        return {
            "waiting": len(waiting),
            "lost": len(lost),
            "mended": self.mended,
            "streams": [*waiting, *lost][:MOST_NAMED],
        }
