"""Readers of plain data, one function per type of value. Each returns the value or raises an error with its name. Pure.

Events and records consist of texts, whole numbers, lists and dictionaries, which JSON and msgpack have in common.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from game.errors import InvalidArgument

LARGEST = (1 << 63) - 1
"""The largest whole number that every msgpack reader accepts."""
DEEPEST = 4
"""The most levels of lists and dictionaries inside one another."""
ROOM_ID = re.compile(r"[0-9a-z]{4,16}")
"""A complete room id. It is a part of remote names and file names."""

Read = Callable[[object, str], object]
"""Reads a value. The second argument is the value's name for the error. Raises InvalidArgument."""


def text(value: object, name: str) -> str:
    """Read a text that can be written as UTF-8."""
    if not isinstance(value, str) or not (value.isascii() or _is_unicode(value)):
        raise InvalidArgument(f"{name} must be a text")
    return value


def _is_unicode(text: str) -> bool:
    """Return whether the text has a UTF-8 form. A lone surrogate has none, so neither disk nor wire can carry it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole(value: object, name: str) -> int:
    """Read a whole number from 0 to LARGEST."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise InvalidArgument(f"{name} must be a whole number from 0")
    return value


def yes_or_no(value: object, name: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise InvalidArgument(f"{name} must be true or false")
    return value


def one_of(*choices: str) -> Read:
    """Return a reader of one of these texts."""

    def read(value: object, name: str) -> str:
        if not isinstance(value, str) or value not in choices:
            raise InvalidArgument(f"{name} must be one of {', '.join(choices)}")
        return value

    return read


def or_none(read: Read) -> Read:
    """Return a reader that also accepts None."""
    return lambda value, name: None if value is None else read(value, name)


def list_of(read: Read) -> Read:
    """Return a reader of a list as a tuple. ``read`` reads each item."""

    def read_all(value: object, name: str) -> tuple[object, ...]:
        if not isinstance(value, (list, tuple)):
            raise InvalidArgument(f"{name} must be a list")
        return tuple(read(item, name) for item in value)

    return read_all


def options(value: object, name: str) -> object:
    """Read a dictionary of values that ``simple`` accepts."""
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"{name} must be a dictionary")
    return simple(value, name)


def simple(value: object, name: str, depth: int = 0) -> object:
    """Read any value that JSON and msgpack both have. The rules check what it means as a move or an option."""
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
