"""The damaged streams of one copy of the log: found, repaired from the other copy, or lost in both.

Lives here: the list of these streams, and what the log, ``cluster status`` and metrics report of it. ``journal`` finds
damage, ``mending`` decides what replaces it, and ``replicator`` carries that out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

MOST_NAMED = 5
"""Streams that a status names. The others are only counted."""

logger = structlog.get_logger()


class DamagedStreams:
    """The damaged streams of one journal. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A stream is in ``_waiting`` or in ``_lost`` or in neither, never in both. Both are in order of insertion.
        self._waiting: dict[str, None] = {}
        self._lost: dict[str, None] = {}
        self.found = 0
        """How often damage was found in a stream since this process started."""
        self.mended = 0
        """How many streams were repaired since this process started."""
        self.on_found: Callable[[], None] = lambda: None
        """Called each time another stream needs repair."""

    def add(self, stream: str) -> None:
        """Record that a row of the stream is damaged. It then waits for repair, unless it is known to be lost."""
        with self._lock:
            if stream in self._waiting or stream in self._lost:
                return
            self._waiting[stream] = None
            self.found += 1
        logger.error("row damaged", stream=stream)
        self.on_found()

    def mark_repaired(self, stream: str) -> None:
        """Record that the stream has no damaged row any more."""
        with self._lock:
            known = stream in self._waiting or stream in self._lost
            self._waiting.pop(stream, None)
            self._lost.pop(stream, None)
            self.mended += known
        if known:
            logger.warning("stream repaired", stream=stream)

    def mark_lost(self, stream: str) -> None:
        """Record that neither copy has the whole stream."""
        with self._lock:
            self._waiting.pop(stream, None)
            known = stream in self._lost
            self._lost[stream] = None
        if not known:
            logger.error("row damaged in both copies", stream=stream)

    def forget(self, stream: str) -> None:
        """Remove a stream that was deleted."""
        with self._lock:
            self._waiting.pop(stream, None)
            self._lost.pop(stream, None)

    def retry_all(self) -> None:
        """Let lost streams wait for repair again: the other copy was replaced and may have them."""
        with self._lock:
            self._waiting |= self._lost
            self._lost.clear()

    def __contains__(self, stream: str) -> bool:
        """Return whether the stream is damaged."""
        return stream in self._waiting or stream in self._lost

    @property
    def waiting(self) -> list[str]:
        """The streams that need repair, in the order in which damage was found."""
        return list(self._waiting)

    @property
    def lost(self) -> list[str]:
        """The streams that neither copy has in full."""
        return list(self._lost)

    def as_plain(self) -> dict[str, object]:
        """Return the numbers of waiting, lost and repaired streams, and the first names, for a status."""
        waiting, lost = self.waiting, self.lost
        return {
            "waiting": len(waiting),
            "lost": len(lost),
            "mended": self.mended,
            "streams": [*waiting, *lost][:MOST_NAMED],
        }
