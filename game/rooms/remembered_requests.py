"""The last requests that a room has applied for each name, with their first answers. A retry gets that answer.

``server.log.remembered_answers`` has older requests, and those that changed nothing. The requests here are a
part of a room's state: each event updates them. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from game.rules import Seat

REMEMBERED_REQUESTS = 8
"""Remembered requests of each username."""
REMEMBERED_ABSENT = 64
"""Remembered usernames that are no longer in the room."""


class CommandAnswer(NamedTuple):
    """The answer to a request: the version after its last event, and the caller's seat at that version."""

    version: int
    seat: Seat | None


_Known = tuple[tuple[str, CommandAnswer], ...]
Requests = Mapping[str, _Known]
"""For each username its request ids and their first answers, latest last. Usernames are in the order of their last
requests."""


def remembered(requests: Requests, by: str, request_id: str, answer: CommandAnswer) -> dict[str, _Known]:
    """Return the requests after one event more. ``answer`` becomes the answer to the event's request."""
    changed = dict(requests)
    earlier = changed.pop(by, ())
    if earlier and earlier[-1][0] == request_id:
        earlier = earlier[:-1]  # the events of one request are consecutive
    changed[by] = (*earlier[1 - REMEMBERED_REQUESTS :], (request_id, answer))
    return changed


def forgotten(before: Requests, after: Requests, by: Collection[str]) -> dict[tuple[str, str], CommandAnswer]:
    """Return the requests that are in ``before`` but not in ``after``, with their answers.

    The keys are (username, request id). ``by``: the usernames of all events in between. For every other username the
    requests are unchanged or all dropped, so they are not compared: a room can have a thousand spectators.
    """
    names = set(by)
    changed = names & before.keys()
    if len(after) < len(before) + len(names - before.keys()):
        changed |= before.keys() - after.keys()
    lost: dict[tuple[str, str], CommandAnswer] = {}
    for name in changed:
        known, kept = before[name], after.get(name, ())
        oldest_kept = kept[0] if kept else None
        for request in known:
            if request is oldest_kept:
                break  # the oldest are dropped first
            request_id, answer = request
            if not kept or request_id != kept[-1][0]:  # only the latest can be there again, with a later answer
                lost[name, request_id] = answer
    return lost


def drop_absent(requests: dict[str, _Known], present: Collection[str]) -> None:
    """Drop the oldest usernames that are not present, beyond REMEMBERED_ABSENT.

    Every present username is in ``requests``: it entered by an event.
    """
    too_many = len(requests) - len(present) - REMEMBERED_ABSENT
    if too_many > 0:
        here = frozenset(present)
        for name in [name for name in requests if name not in here][:too_many]:
            del requests[name]
