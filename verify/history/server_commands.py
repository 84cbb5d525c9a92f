"""What the servers themselves commanded, and when things were decided, read off the events of a room. Pure.

A history has the calls of people; what the servers do of themselves, or on somebody's behalf, leaves but its events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from game.games.selection import Choices
from game.moment import Context
from game.rooms.commands import HOUSE, HOUSE_REQUESTS, Close, Command, Due, Leave, Match
from game.rooms.events import Agreed, Closed, Created, Event, Finished, Left, Said, Seated, Selecting, Started

Request = tuple[str, str]
"""Who asked, and the request id."""


def request_of(made: Command | Event) -> Request:
    """The request of a command or an event. What the servers make of one request is that request's, whoever it is on
    whose behalf.
    """
    by = HOUSE if made.request_id.startswith(HOUSE_REQUESTS) else made.by
    return by, made.request_id


def moment_of(events: Iterable[Event]) -> Context:
    """When the events of one request were decided, with the chance and the date that they tell of."""
    now = Context()
    for event in events:
        now = now._replace(at=max(now.at, event.at))
        if isinstance(event, Agreed) and event.lot is not None:
            now = now._replace(chance=event.lot)
        elif isinstance(event, (Started, Said)):
            now = now._replace(date=event.date)
    return now


def command_of_the_house(events: Sequence[Event]) -> Command | None:
    """The command of the servers that made these events, or None if it was somebody's."""
    first = events[0]
    if isinstance(first, Left) and first.request_id.startswith(HOUSE_REQUESTS):
        return Leave(first.by, first.request_id, first.unseen_ms)
    if first.by != HOUSE:
        return None
    if isinstance(first, Closed):
        return Close(HOUSE, first.request_id)
    if isinstance(first, Created):
        return _match(first, events)
    if isinstance(first, (Agreed, Finished, Started)):
        return Due(HOUSE, first.request_id)
    return None


def _match(created: Created, events: Sequence[Event]) -> Match | None:
    players = [event.by for event in events if isinstance(event, Seated)]
    selecting = next((event for event in events if isinstance(event, Selecting)), None)
    if selecting is None or len(players) != 2:  # noqa: PLR2004  # X and O
        return None
    choices = Choices(selecting.boards, selecting.best_ofs, selecting.clocks)
    return Match(
        HOUSE, created.request_id, created.game, (players[0], players[1]), choices, created.rated, created.bots
    )
