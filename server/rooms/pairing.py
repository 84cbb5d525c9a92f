"""Pairings of players for matches: the front door sends them, the main server opens a room for each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, NamedTuple

from msgspec import Meta

from game.accounts.names import check_name
from game.errors import InvalidArgument
from game.games.registry import DEFAULT_GAME, short_list
from game.match.selection import Choices
from game.plain_values import convert
from game.rooms.commands import SYSTEM, Match
from server.rooms.ids import room_id_of
from wire.arguments import request_id

MOST_AT_ONCE = 200
"""The most matches that are opened with one request."""
_ROWS = Annotated[list[tuple[str, tuple[str, str], Choices, tuple[str, ...]]], Meta(max_length=MOST_AT_ONCE)]


class Pairing(NamedTuple):
    """The players of a new match, and the choices for it. ``bots`` are the players that are programs."""

    request_id: str
    players: tuple[str, str]
    choices: Choices
    bots: tuple[str, ...] = ()


class Opened(NamedTuple):
    """The room of a new match, or None.

    With None, ``taken`` has the players that are already in another match, and the rooms of these matches.
    """

    room: str | None
    taken: Mapping[str, str]


def opening_of(pairing: Pairing, match_of: Callable[[str], str | None]) -> tuple[Opened, Match | None]:
    """Return the result of a pairing, and the command that opens its room.

    There is no room and no command if a player is in another match. ``match_of`` returns the room of a player's running
    match, or None.
    """
    room = room_id_of(SYSTEM, pairing.request_id)
    people = [name for name in pairing.players if name not in pairing.bots]
    rooms = {name: at for name in people if (at := match_of(name)) is not None}
    if any(at != room for at in rooms.values()):
        return Opened(None, rooms), None
    match = Match(
        SYSTEM, pairing.request_id, DEFAULT_GAME, pairing.players, pairing.choices, rated=True, bots=pairing.bots
    )
    return Opened(room, {}), match


def pairings(value: object) -> list[Pairing]:
    """Return pairings from rows of request id, players, choices and bots.

    Raises InvalidArgument if a request id occurs twice, or a player that is no bot.
    """
    found = [_checked(*row) for row in convert(value, _ROWS)]
    people = [name for pairing in found for name in pairing.players if name not in pairing.bots]
    if len(set(people)) < len(people) or len({pairing.request_id for pairing in found}) < len(found):
        raise InvalidArgument("must have each request id and each player once")
    return found


def _checked(request: str, names: tuple[str, str], choices: Choices, bots: tuple[str, ...]) -> Pairing:
    players = (check_name(names[0]), check_name(names[1]))
    if players[0] == players[1]:
        raise InvalidArgument("must have two different players each")
    known = short_list(DEFAULT_GAME)
    if not choices.ways or any(
        len(some) > len(of) or set(some) - set(of) for some, of in zip(choices, known, strict=True)
    ):
        raise InvalidArgument("must have choices of the short list")
    if len(set(bots)) < len(bots) or not set(bots) <= set(players):
        raise InvalidArgument("must have bots that are among the players")
    return Pairing(request_id(request), players, choices, bots)
