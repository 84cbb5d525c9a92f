"""Read records of the game archive from the journal, as plain data, by number across all segments.

``count`` is the number of published records; later ones are not visible yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.json import decode

from game.errors import NoSuchGame
from server.log.archive_stream import first_of_segment, segment_stream
from server.log.journal.journal import Journal
from server.log.row_format import LOST
from wire.errors import Damaged

MOST_BYTES = 1 << 15
"""About the most bytes of records in an answer: half of the smallest message limit that the settings allow."""


def records_after(journal: Journal, number: int, limit: int, count: int) -> list[dict[str, Any]]:
    """Return the records after a number: at most ``limit``, and as many as fit into an answer.

    If there is any record, at least one is returned. In place of a damaged record the result has the decoded body
    ``LOST``.
    """
    found: list[dict[str, Any]] = []
    left = MOST_BYTES
    for following in range(number + 1, min(number + limit, count) + 1):
        body = _body(journal, following, count)
        left -= len(body.encode())
        if left < 0 and found:
            break
        found.append(decode(body))
    return found


def records_numbered(journal: Journal, numbers: Sequence[int], count: int) -> list[dict[str, Any]]:
    """Return the records of these numbers. Raises NoSuchGame if one is missing, Damaged if one cannot be read."""
    bodies = [_body(journal, number, count) for number in numbers]
    if LOST in bodies:
        raise Damaged("the record of that game is damaged; the servers repair it if the other copy has it")
    return [decode(body) for body in bodies]


def _body(journal: Journal, number: int, count: int) -> str:
    stream = segment_stream(number)
    version = number - first_of_segment(stream) + 1
    entries = journal.events(stream, version - 1, 1) if 0 < number <= count else []
    if not entries:
        raise NoSuchGame("there is no game with that number")
    return entries[0].body if entries[0].version == version else LOST
