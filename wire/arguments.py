"""Checks for what comes over the wire: one function a kind of value, each returns the value or refuses it.

Lives here: ``remote``, which makes a method callable from outside and puts a check before every argument. A method
that is not made with it cannot be called remotely, so no argument reaches a server unchecked. Unknown keyword fields
are ignored, missing ones are errors. Nothing here does I/O.
"""

from __future__ import annotations

import functools
import logging
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from game.errors import Draining, InvalidArgument, TicTacToeError
from game.plain_values import ROOM_ID
from wire.errors import Busy, InternalError, StorageFailed

logger = logging.getLogger(__name__)

Check = Callable[[object], Any]
Method = TypeVar("Method", bound=Callable[..., Any])

_MISSING = object()
_SURROGATE = re.compile("[\ud800-\udfff]")
_REQUEST_ID = re.compile(r"[0-9A-Za-z_-]{8,64}")
_TOKEN = re.compile(r"[0-9A-Za-z_-]{43,128}")


def text(*, longest: int, shortest: int = 0) -> Check:
    """A str of ``shortest`` to ``longest`` characters that can be written as UTF-8."""

    def check(value: object) -> str:
        if not isinstance(value, str) or not shortest <= len(value) <= longest:
            raise InvalidArgument(f"must be a text of {shortest} to {longest} characters")
        if not value.isascii() and _SURROGATE.search(value):
            raise InvalidArgument("must be valid Unicode")
        return value

    return check


def whole(least: int, most: int) -> Check:
    """An int (no bool) from ``least`` to ``most``."""

    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise InvalidArgument(f"must be a whole number from {least} to {most}")
        return value

    return check


def seconds(most: float) -> Check:
    """A finite number of seconds from 0; more than ``most`` counts as ``most``."""

    def check(value: object) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
            raise InvalidArgument("must be a number of seconds, 0 or more")
        return min(float(value), most)

    return check


def one_of(*choices: str) -> Check:
    """One of the given texts."""

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise InvalidArgument(f"must be one of {', '.join(choices)}")
        return value

    return check


def mapping(*, most_fields: int) -> Check:
    """A dict with text keys and at most that many fields; what is in it is checked by whom it concerns."""

    def check(value: object) -> Mapping[str, object]:
        if not isinstance(value, dict) or len(value) > most_fields or not all(isinstance(k, str) for k in value):
            raise InvalidArgument(f"must be a dictionary of at most {most_fields} named fields")
        return value

    return check


def yes_or_no(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise InvalidArgument("must be true or false")
    return value


def sequence(*, most: int) -> Check:
    """A list or tuple of at most ``most`` items."""

    def check(value: object) -> list[object] | tuple[object, ...]:
        if not isinstance(value, (list, tuple)) or len(value) > most:
            raise InvalidArgument(f"must be a list of at most {most} items")
        return value

    return check


def _matching(pattern: re.Pattern[str], sentence: str) -> Check:
    def check(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise InvalidArgument(sentence)
        return value

    return check


def anything(value: object) -> object:
    """A value which the game's rules check themselves: what a move is, only they know."""
    return value


request_id = _matching(_REQUEST_ID, "must be 8 to 64 letters, digits, _ or -, new for every request")
token = _matching(_TOKEN, "must be 43 to 128 letters, digits, _ or - (256 random bits)")
room_id = _matching(ROOM_ID, "must be 4 to 16 lower-case letters and digits")


def optional(check: Check, default: object) -> Check:
    """The same check for an argument that may be left out, which then has the default."""

    def checked(value: object) -> Any:
        return default if value is _MISSING else check(value)

    return checked


def or_none(check: Check) -> Check:
    """The same check for an argument that may also be None."""

    def checked(value: object) -> Any:
        return None if value is None else check(value)

    return checked


def remote(**checks: Check) -> Callable[[Method], Method]:
    """Make a method callable from outside, its arguments in the order of the checks, each checked.

    Raises at the caller: InvalidArgument, with the argument's name, when one is missing, superfluous or refused.
    """
    names = tuple(checks)

    def bind(given: tuple[object, ...], fields: Mapping[str, object]) -> list[Any]:
        if len(given) > len(names):
            raise InvalidArgument(f"takes at most {len(names)} arguments, {len(given)} were given")
        if fields and any(name in fields for name in names[: len(given)]):
            raise InvalidArgument("an argument was given twice")
        bound = []
        for number, (name, check) in enumerate(checks.items()):
            value = given[number] if number < len(given) else fields.get(name, _MISSING)
            try:
                checked = check(value)
            except InvalidArgument as refusal:
                what = "is missing" if value is _MISSING else refusal.message
                raise InvalidArgument(f"{name} {what}") from None
            if checked is _MISSING:
                raise InvalidArgument(f"{name} is missing")
            bound.append(checked)
        return bound

    def expose(method: Method) -> Method:
        @functools.wraps(method)
        def call(self: object, *given: object, **fields: object) -> Any:
            values = bind(given, fields)
            try:
                return method(self, *values)
            except TicTacToeError as error:
                if error.fault == "ours" and not isinstance(error, (Busy, Draining, StorageFailed)):
                    logger.exception("an invariant is broken")
                raise
            except Exception:
                logger.exception("a remote method failed")
                raise InternalError("the server failed at this; its log has the details") from None

        call._pyroExposed = True  # type: ignore[attr-defined]  # the mark that the RPC library looks for
        call.checks = checks  # type: ignore[attr-defined]  # so that a test can walk every remote method
        return call  # type: ignore[return-value]

    return expose
