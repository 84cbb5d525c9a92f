"""The public part of a room's state: all that its events and its view depend on, and nothing secret. Pure.

A client that has it evolves it by the room's events with the servers' code (``game.rooms.evolve``), and makes the view
itself (``room_view``). The servers keep for themselves: the invite code, the names of removed people, and the requests
with their answers.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from game.forms import snapshot_codec
from game.forms.room_view import SHOWN_SPECTATORS
from game.plain_values import as_json
from game.rooms.access import Access
from game.rooms.events import Event
from game.rooms.evolve import evolve
from game.rooms.state import Room

HIDDEN_CODE = "hidden"
"""Stands for the invite code of a private room."""


def public(room: Room) -> Room:
    """Return the room without what only the servers know."""
    access = room.access
    return replace(room, access=Access(HIDDEN_CODE if access.code else "", access.locked), requests={})


def encode(room: Room) -> dict[str, Any]:
    """Return the public part of a room as plain data."""
    plain: dict[str, Any] = to_builtins(snapshot_codec.encode(public(room)), enc_hook=dict)
    return plain


def decode(plain: Mapping[str, Any]) -> Room:
    """Return the room that ``encode`` wrote.

    Raises InvariantBroken for a room that this version cannot read, and LookupError, TypeError or ValueError for data
    of another shape.
    """
    return public(snapshot_codec.decode(plain))


def follow(room: Room, event: Event) -> Room:
    """Return the public part after one more event. Raises InvariantBroken as ``evolve`` does."""
    return evolve(room, event, remembers=False)


def checksum(room: Room) -> int:
    """Return a CRC-32 of all that the view depends on. It is the same for a room and for its public part.

    A client compares it with the server's, because the code of the two may differ.
    """
    lines = room.talk[-1].version if room.talk else 0
    audience = room.spectators[:SHOWN_SPECTATORS], len(room.spectators)
    return zlib.crc32(as_json((_SHOWN(room), bool(room.access.code), lines, audience)))


_SHOWN = attrgetter(
    *("version", "phase", "title", "owner", "game", "rules", "best_of", "clock_rule", "rated", "bots", "access.locked"),
    *("seats", "away", "moves", "outcome", "game_number", "finished_at", "wins", "draws", "rematch", "selection"),
    *("clock", "offers.pending"),
)
