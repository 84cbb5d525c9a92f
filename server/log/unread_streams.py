"""Streams that could not be read when the primary's term began, until a repair.

Their present state is unknown. The room store has the only instance. It belongs to the event loop's thread.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from server.log.entries import StreamSummary
from server.log.journal.journal import Journal
from server.log.streams import Streams
from wire.errors import Damaged

logger = structlog.get_logger()


class UnreadStreams:
    """Streams with damaged events, and summaries that were made again from events."""

    def __init__(self, streams: Streams, journal: Journal, on_unread: Callable[[str], None]) -> None:
        """``on_unread`` is called with each stream that cannot be read."""
        self._streams = streams
        self._journal = journal
        self._on_unread = on_unread
        # Each has a summary once it is repaired, until the summary is in the lists.
        self._unread: dict[str, StreamSummary | None] = {}

    def __contains__(self, stream: str) -> bool:
        """Return whether the present state of a stream is unknown."""
        return stream in self._unread

    def summary(self, stream: str) -> StreamSummary | None:
        """Return a stream's summary, made again from its events.

        Return None if there is no such stream, or if its events are damaged. Then the stream is unread.
        """
        copy = self._journal.copy(stream, whole=False)
        if not copy.rows:
            return None
        try:
            state = self._streams.state_of(copy)
        except Damaged as damaged:
            state = self._streams.kind_of(stream).best_known_state(copy)
            logger.error("stream unreadable", stream=stream, why=damaged.message, partly_readable=state is not None)
            if state is None:
                self._unread[stream] = None
                self._on_unread(stream)
                return None
        return StreamSummary(stream, copy.end, self._streams.kind_of(stream).row(state))

    def remove(self, stream: str) -> None:
        """Record that the state of a stream is known again."""
        self._unread.pop(stream, None)

    def add_repaired(self, summary: StreamSummary) -> None:
        """Store the summary of a repaired stream for ``take_repaired``."""
        self._unread[summary.stream] = summary

    def take_repaired(self, position: int) -> list[StreamSummary]:
        """Remove and return the summaries of repaired streams, as changes at that position at the end of the log.

        Readers of the lobby have already read past their original positions.
        """
        repaired = [summary for summary in self._unread.values() if summary is not None]
        for summary in repaired:
            del self._unread[summary.stream]
        return [summary._replace(position=position) for summary in repaired]
