"""Ids that the servers make: of rooms, and of their own requests."""

from __future__ import annotations

import base64
import hashlib
import secrets

from game.rooms.commands import HOUSE_REQUESTS

HOUSE_BOT = "Housebot"
"""The username under which the servers themselves play."""


def room_id_of(by: str, request_id: str) -> str:
    """The id of the room that somebody opens with a request."""
    digest = hashlib.sha256(f"{by}\n{request_id}".encode()).digest()
    return base64.b32encode(digest[:5]).decode().lower()


def house_request() -> str:
    """A new request id of the servers themselves."""
    return f"{HOUSE_REQUESTS}{secrets.token_hex(8)}"
