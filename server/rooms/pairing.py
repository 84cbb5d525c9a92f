"""Pairings of players for matches: the front door sends them, the main server opens a room for each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from game.accounts.names import check_name
from game.errors import InvalidArgument
from game.games.registry import DEFAULT_GAME, PLAYERS_OF_A_MATCH, short_list
from game.match.selection import Choices
from game.rooms.commands import SYSTEM, Match
from server.rooms.ids import room_id_of
from wire.arguments import request_id, sequence, text, whole

MOST_AT_ONCE = 200
"""The most matches that are opened with one request."""
_NAME = text(longest=64, shortest=1)
_SOME = sequence(most=20)
_LENGTH = whole(0, 99)
_PAIRINGS = sequence(most=MOST_AT_ONCE)


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
    found = [_pairing(row) for row in _PAIRINGS(value)]
    people = [name for pairing in found for name in pairing.players if name not in pairing.bots]
    if len(set(people)) < len(people) or len({pairing.request_id for pairing in found}) < len(found):
        raise InvalidArgument("must have each request id and each player once")
    return found


def _pairing(row: object) -> Pairing:
    if not isinstance(row, (list, tuple)) or len(row) != len(Pairing._fields):
        raise InvalidArgument("must be rows of request id, players, choices and bots")
    players = tuple(check_name(name) for name in _SOME(row[1]))
    boards, best_ofs, clocks = (_SOME(some) for some in _three(row[2]))
    if len(players) != PLAYERS_OF_A_MATCH or len(set(players)) != len(players):
        raise InvalidArgument(f"must have {PLAYERS_OF_A_MATCH} different players each")
    known = short_list(DEFAULT_GAME)
    choices = Choices(tuple(map(_NAME, boards)), tuple(map(_LENGTH, best_ofs)), tuple(map(_NAME, clocks)))
    if not choices.ways or any(not set(some) <= set(of) for some, of in zip(choices, known, strict=True)):
        raise InvalidArgument("must have choices of the short list")
    bots = tuple(_NAME(bot) for bot in _SOME(row[3]))
    if len(set(bots)) < len(bots) or not set(bots) <= set(players):
        raise InvalidArgument("must have bots that are among the players")
    return Pairing(request_id(row[0]), (players[0], players[1]), choices, bots)


def _three(value: object) -> Sequence[object]:
    some: Sequence[object] = _SOME(value)
    if len(some) != len(Choices._fields):
        raise InvalidArgument("must have choices of boards, lengths and clocks")
    return some
