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
        # Each damaged stream, in the order in which damage was found: whether it is lost, or waits for repair.
        self._is_lost: dict[str, bool] = {}
        # Held by ``add``, so that one of several threads reports a stream.
        self._lock = threading.Lock()
        self.found = 0
        """How often damage was found in a stream since this process started."""
        self.mended = 0
        """How many streams were repaired since this process started."""
        self.on_found: Callable[[], None] = lambda: None
        """Called each time another stream needs repair."""

    def add(self, stream: str) -> None:
        """Record that a row of the stream is damaged. It then waits for repair, unless it is known to be lost."""
        with self._lock:
            if stream in self._is_lost:
                return
            self._is_lost[stream] = False
            self.found += 1
        logger.error("row damaged", stream=stream)
        self.on_found()

    def mark_repaired(self, stream: str) -> None:
        """Record that the stream has no damaged row any more."""
        if self._is_lost.pop(stream, None) is not None:
            self.mended += 1
            logger.warning("stream repaired", stream=stream)

    def mark_lost(self, stream: str) -> None:
        """Record that neither copy has the whole stream."""
        if not self._is_lost.get(stream):
            logger.error("row damaged in both copies", stream=stream)
        self._is_lost[stream] = True

    def forget(self, stream: str) -> None:
        """Remove a stream that was deleted."""
        self._is_lost.pop(stream, None)

    def retry_all(self) -> None:
        """Let lost streams wait for repair again: the other copy was replaced and may have them."""
        with self._lock:
            self._is_lost = dict.fromkeys(self._is_lost, False)

    def __contains__(self, stream: str) -> bool:
        """Return whether the stream is damaged."""
        return stream in self._is_lost

    @property
    def waiting(self) -> list[str]:
        """The streams that need repair, in the order in which damage was found."""
        return [stream for stream, is_lost in self._is_lost.copy().items() if not is_lost]

    @property
    def lost(self) -> list[str]:
        """The streams that neither copy has in full."""
        return [stream for stream, is_lost in self._is_lost.copy().items() if is_lost]

    def as_plain(self) -> dict[str, object]:
        """Return the numbers of waiting, lost and repaired streams, and the first names, for a status."""
        waiting, lost = self.waiting, self.lost
        return {
            "waiting": len(waiting),
            "lost": len(lost),
            "mended": self.mended,
            "streams": [*waiting, *lost][:MOST_NAMED],
        }
