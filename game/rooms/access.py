"""Who may come into a room: whether it is private, locked against watchers, and who was removed. Pure.

An invite code is a key that is passed around: everybody inside may see it, and pass it on. Nobody outside may.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple

from game.errors import NotAllowed, NotInvited

MOST_REMOVED = 100


class Access(NamedTuple):
    """``code``: the invite code of a private room, else empty. ``removed``: who may not come back."""

    code: str = ""
    locked: bool = False
    removed: tuple[str, ...] = ()


OPEN = Access()


def check_may_come(entry: Access, name: str, code: str) -> None:
    """Raise NotInvited or NotAllowed for somebody who may not come in. For who is in, or has a seat, nobody asks."""
    if name in entry.removed:
        raise NotAllowed("who opened the room has removed you from it")
    if entry.code and not hmac.compare_digest(entry.code.encode(), code.encode(errors="replace")):
        raise NotInvited("the room is private: its invite code is needed")


def check_may_watch(entry: Access) -> None:
    """Raise NotAllowed when nobody may come in to watch."""
    if entry.locked:
        raise NotAllowed("the room is locked against watchers")


def without(entry: Access, name: str) -> Access:
    """Somebody was removed; of very many the first may come back."""
    return entry._replace(removed=(*entry.removed[1 - MOST_REMOVED :], name))
