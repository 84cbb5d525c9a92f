"""Derives the servers' own commands and the decision times from the events of a room. Pure.

A history has only the calls of clients. The commands of the servers, also on behalf of a user, appear only as events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from game.context import Context
from game.match.selection import Choices
from game.rooms.commands import SYSTEM, SYSTEM_REQUESTS, Close, Command, Due, Leave, Match
from game.rooms.events import Agreed, Closed, Created, Event, Finished, Left, Said, Seated, Selecting, Started

Request = tuple[str, str]
"""The user or server that made the request, and the request id."""


def request_of(made: Command | Event) -> Request:
    """Return the request of a command or an event.

    An event of a request of the servers belongs to that request, also if it is on behalf of a user.
    """
    by = SYSTEM if made.request_id.startswith(SYSTEM_REQUESTS) else made.by
    return by, made.request_id


def moment_of(events: Iterable[Event]) -> Context:
    """Return when the events of one request were decided, with the random number and the date in them."""
    now = Context()
    for event in events:
        now = now._replace(at=max(now.at, event.at))
        if isinstance(event, Agreed) and event.lot is not None:
            now = now._replace(chance=event.lot)
        elif isinstance(event, (Started, Said)):
            now = now._replace(date=event.date)
    return now


def system_command(events: Sequence[Event]) -> Command | None:
    """Return the servers' command that made these events, or None if a client made it."""
    first = events[0]
    if isinstance(first, Left) and first.request_id.startswith(SYSTEM_REQUESTS):
        return Leave(first.by, first.request_id, first.unseen_ms)
    if first.by != SYSTEM:
        return None
    if isinstance(first, Closed):
        return Close(SYSTEM, first.request_id)
    if isinstance(first, Created):
        return _match(first, events)
    if isinstance(first, (Agreed, Finished, Started)):
        return Due(SYSTEM, first.request_id)
    return None


def _match(created: Created, events: Sequence[Event]) -> Match | None:
    players = [event.by for event in events if isinstance(event, Seated)]
    selecting = next((event for event in events if isinstance(event, Selecting)), None)
    if selecting is None or len(players) != 2:  # noqa: PLR2004  # X and O
        return None
    choices = Choices(selecting.boards, selecting.best_ofs, selecting.clocks)
    return Match(
        SYSTEM, created.request_id, created.game, (players[0], players[1]), choices, created.rated, created.bots
    )
