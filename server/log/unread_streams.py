"""Streams that could not be read when the primary's term began, until a repair.

Their present state is unknown. The room store has the only instance. It belongs to the event loop's thread.
"""

from __future__ import annotations

import structlog

from server.log.entries import StreamSummary
from server.log.journal.journal import Journal
from server.log.streams import Streams
from wire.errors import Damaged

logger = structlog.get_logger()


class UnreadStreams(set[str]):
    """Streams with damaged events."""

    def __init__(self, streams: Streams, journal: Journal) -> None:
        super().__init__()
        self._streams = streams
        self._journal = journal

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
                self.add(stream)
                return None
        self.discard(stream)
        return StreamSummary(stream, copy.end, self._streams.kind_of(stream).row(state))
