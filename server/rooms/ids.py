"""Ids that the servers make: of rooms, and of their own requests."""

from __future__ import annotations

import base64
import hashlib
import secrets

from game.rooms.commands import SYSTEM_REQUESTS

HOUSE_BOT = "Housebot"
"""The username under which the servers play."""


def room_id_of(by: str, request_id: str) -> str:
    """Return the id of the room that a caller opens with a request. The same request gives the same id."""
    digest = hashlib.sha256(f"{by}\n{request_id}".encode()).digest()
    return base64.b32encode(digest[:5]).decode().lower()


def system_request() -> str:
    """Return a new request id for a request of the servers."""
    return f"{SYSTEM_REQUESTS}{secrets.token_hex(8)}"
