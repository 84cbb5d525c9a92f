"""Which requests a room has carried out, and what the first answer was: so a retry, however late, is done once.

Pure; a part of a room's state, told of every event.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from game.rules import Seat

REMEMBERED_REQUESTS = 8
"""Requests of each username whose first answer is remembered."""
REMEMBERED_GONE = 64
"""Usernames that are not in the room any more whose requests are remembered."""


class Answer(NamedTuple):
    """What a request was answered: the version after its last event, and the caller's seat then."""

    version: int
    seat: Seat | None


_Known = tuple[tuple[str, Answer], ...]
Requests = Mapping[str, _Known]
"""Of each username request ids and their first answers, the latest last; names in the order of their last request."""


def remembered(requests: Requests, by: str, request_id: str, answer: Answer) -> dict[str, _Known]:
    """With one event more: the answer to its request is now this one."""
    changed = dict(requests)
    earlier = changed.pop(by, ())
    if earlier and earlier[-1][0] == request_id:
        earlier = earlier[:-1]  # the events of one request follow one another
    changed[by] = (*earlier[1 - REMEMBERED_REQUESTS :], (request_id, answer))
    return changed


def forgotten(before: Requests, after: Requests) -> dict[tuple[str, str], Answer]:
    """The requests, each as username and request id, that are remembered before and not after, with their answers."""
    lost: dict[tuple[str, str], Answer] = {}
    for by, known in before.items():
        kept = after.get(by, ())
        if not kept or kept[0] is not known[0]:  # the first go first
            ids = {request_id for request_id, _ in kept}
            lost |= {(by, request_id): answer for request_id, answer in known if request_id not in ids}
    return lost


def forget_the_long_gone(requests: dict[str, _Known], present: Collection[str]) -> None:
    """Of those who are not present keep the last; all who are have come by an event and so are remembered."""
    too_many = len(requests) - len(present) - REMEMBERED_GONE
    if too_many > 0:
        here = frozenset(present)
        for name in [name for name in requests if name not in here][:too_many]:
            del requests[name]
