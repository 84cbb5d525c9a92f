"""Access to a room: whether it is private or locked against spectators, and who was removed. Pure.

Everybody in a private room may see its invite code and pass it on. Nobody outside the room may see it.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple

from game.errors import NotAllowed, NotInvited

MOST_REMOVED = 100
"""The most removed people that a room remembers."""


class Access(NamedTuple):
    """``code``: the invite code of a private room, else empty.

    ``locked``: no new spectators. ``removed``: people who may not come back.
    """

    code: str = ""
    locked: bool = False
    removed: tuple[str, ...] = ()


OPEN = Access()


def check_may_enter(access: Access, name: str, code: str) -> None:
    """Raise NotInvited or NotAllowed for a person who may not enter. Only for people outside without a seat."""
    if name in access.removed:
        raise NotAllowed("the room's owner has removed you from it")
    if access.code and not hmac.compare_digest(access.code.encode(), code.encode(errors="replace")):
        raise NotInvited("the room is private: join it with its invite code")


def check_may_watch(access: Access) -> None:
    """Raise NotAllowed when new spectators may not enter."""
    if access.locked:
        raise NotAllowed("the room is locked: it takes no new spectators")


def without(access: Access, name: str) -> Access:
    """Return the access after a person was removed. Beyond MOST_REMOVED, the person removed first may come back."""
    return access._replace(removed=(*access.removed[1 - MOST_REMOVED :], name))
