"""Readers of plain data, one function a kind of value: each returns the value, or refuses it by name. Pure.

What events and records are made of: texts, whole numbers, lists and dictionaries, as JSON and msgpack both know them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from game.errors import InvalidArgument

LARGEST = (1 << 63) - 1
"""What every reader of msgpack takes for a whole number."""
DEEPEST = 4
ROOM_ID = re.compile(r"[0-9a-z]{4,16}")
"""A room's id, whole. It becomes a part of remote names and of names of files."""

Read = Callable[[object, str], object]
"""Reads a value, and is told its name for the error."""


def text(value: object, name: str) -> str:
    """A text that can be written as UTF-8."""
    if not isinstance(value, str) or not (value.isascii() or _is_unicode(value)):
        raise InvalidArgument(f"{name} must be a text")
    return value


def _is_unicode(text: str) -> bool:
    """Whether it can be written: a lone half of a surrogate pair has no UTF-8, so neither disk nor wire take it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole(value: object, name: str) -> int:
    """A whole number from 0, as large as msgpack has them."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise InvalidArgument(f"{name} must be a whole number from 0")
    return value


def yes_or_no(value: object, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise InvalidArgument(f"{name} must be true or false")
    return value


def one_of(*choices: str) -> Read:
    """One of these texts."""

    def read(value: object, name: str) -> str:
        if not isinstance(value, str) or value not in choices:
            raise InvalidArgument(f"{name} must be one of {', '.join(choices)}")
        return value

    return read


def or_none(read: Read) -> Read:
    """What that reads, or None."""
    return lambda value, name: None if value is None else read(value, name)


def list_of(read: Read) -> Read:
    """A list, as a tuple, of what that reads."""

    def read_all(value: object, name: str) -> tuple[object, ...]:
        if not isinstance(value, (list, tuple)):
            raise InvalidArgument(f"{name} must be a list")
        return tuple(read(item, name) for item in value)

    return read_all


def options(value: object, name: str) -> object:
    """A dictionary of what ``simple`` reads."""
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"{name} must be a dictionary")
    return simple(value, name)


def simple(value: object, name: str, depth: int = 0) -> object:
    """What JSON and msgpack both know; what it means as a move or an option, the rules know."""
    if value is None or isinstance(value, bool) or (isinstance(value, str) and _is_unicode(value)):
        return value
    if isinstance(value, int) and -LARGEST <= value <= LARGEST:
        return value
    if depth < DEEPEST:
        if isinstance(value, (list, tuple)):
            return [simple(item, name, depth + 1) for item in value]
        if isinstance(value, Mapping) and all(isinstance(key, str) and _is_unicode(key) for key in value):
            return {key: simple(item, name, depth + 1) for key, item in value.items()}
    raise InvalidArgument(
        f"{name} must be made of texts, whole numbers, lists and dictionaries, {DEEPEST} deep at most"
    )
