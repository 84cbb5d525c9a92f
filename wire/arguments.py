"""Checks of values from the wire: one function per type of value. Each returns the value or raises InvalidArgument.

``remote`` makes a method callable from outside and checks every argument. Only ``ping`` and ``get_metadata`` of the
daemon itself can be called without it. So no argument reaches a server unchecked. Unknown keyword fields are ignored;
missing arguments are errors. Nothing here does I/O.

Written by hand, unlike the forms in ``game.plain_values``: callers get sentences with all limits, a wait that is too
long is shortened, and a lone surrogate is refused. ``msgspec`` does none of this.
"""

from __future__ import annotations

import functools
import logging
import math
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from types import GeneratorType
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
    """Return a check for a str of ``shortest`` to ``longest`` characters with a UTF-8 form."""

    def check(value: object) -> str:
        if not isinstance(value, str) or not shortest <= len(value) <= longest:
            raise InvalidArgument(f"must be a text of {shortest} to {longest} characters")
        if not value.isascii() and _SURROGATE.search(value):
            raise InvalidArgument("must be valid Unicode")
        return value

    return check


def whole(least: int, most: int) -> Check:
    """Return a check for an int (not a bool) from ``least`` to ``most``."""

    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise InvalidArgument(f"must be a whole number from {least} to {most}")
        return value

    return check


def seconds(most: float) -> Check:
    """Return a check for a finite number of seconds, 0 or more. Values above ``most`` become ``most``."""

    def check(value: object) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
            raise InvalidArgument("must be a number of seconds, 0 or more")
        return min(float(value), most)

    return check


def one_of(*choices: str) -> Check:
    """Return a check for one of the given texts."""

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise InvalidArgument(f"must be one of {', '.join(choices)}")
        return value

    return check


def mapping(*, most_fields: int) -> Check:
    """Return a check for a dict with text keys and at most ``most_fields`` fields. The values are not checked here."""

    def check(value: object) -> Mapping[str, object]:
        if not isinstance(value, dict) or len(value) > most_fields or not all(isinstance(k, str) for k in value):
            raise InvalidArgument(f"must be a dictionary of at most {most_fields} named fields")
        return value

    return check


def yes_or_no(value: object) -> bool:
    """Check for true or false."""
    if not isinstance(value, bool):
        raise InvalidArgument("must be true or false")
    return value


def sequence(*, most: int) -> Check:
    """Return a check for a list or tuple of at most ``most`` items."""

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
    """Accept any value. The game's rules check it: only they define what a move is."""
    return value


request_id = _matching(_REQUEST_ID, "must be 8 to 64 letters, digits, _ or -, new for every request")
token = _matching(_TOKEN, "must be 43 to 128 letters, digits, _ or - (256 random bits)")
room_id = _matching(ROOM_ID, "must be 4 to 16 lower-case letters and digits")


def optional(check: Check, default: object) -> Check:
    """Return the same check for an argument that may be missing and then has the default."""

    def checked(value: object) -> Any:
        return default if value is _MISSING else check(value)

    return checked


def or_none(check: Check) -> Check:
    """Return the same check for an argument that may also be None."""

    def checked(value: object) -> Any:
        return None if value is None else check(value)

    return checked


def remote(**checks: Check) -> Callable[[Method], Method]:
    """Make a method callable from outside, with one check per argument, in this order.

    The method returns its answer, a ``Later``, or a procedure: a generator that the endpoint runs.

    Raises InvalidArgument at the caller, with the argument's name, for a missing, superfluous or refused argument.
    """
    names, all_checks = tuple(checks), tuple(checks.values())

    def values_of(given: tuple[object, ...], fields: Mapping[str, object]) -> list[Any]:
        if len(given) == len(names) and not fields:
            try:
                return [check(value) for check, value in zip(all_checks, given, strict=True)]
            except InvalidArgument:
                pass  # ``bind`` raises it again, with the name of the argument
        return bind(given, fields)

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
            return carry_out(method, [self, *values_of(given, fields)])

        call._pyroExposed = True  # type: ignore[attr-defined]  # the RPC library checks this attribute
        call.checks = checks  # type: ignore[attr-defined]  # a test reads the checks of every remote method
        return call  # type: ignore[return-value]

    return expose


def carry_out(method: Callable[..., Any], values: Sequence[Any]) -> Any:
    """Call the body of a remote method with checked values.

    Logs faults of ours. Raises the method's TicTacToeError, and InternalError in place of any other exception. A
    procedure that it returns does the same.
    """
    try:
        answer = method(*values)
    except Exception as error:
        raise _reported(error) from None
    return _reporting(answer) if type(answer) is GeneratorType else answer


def _reporting(procedure: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Run a procedure with the errors of a remote method."""
    try:
        return (yield from procedure)
    except Exception as error:
        raise _reported(error) from None


def _reported(error: Exception) -> TicTacToeError:
    """Return the error for the caller in place of this one. Log it if it is a fault of ours."""
    if not isinstance(error, TicTacToeError):
        logger.error("a remote method failed", exc_info=error)
        return InternalError("the server failed at this; its log has the details")
    if error.fault == "ours" and not isinstance(error, (Busy, Draining, StorageFailed)):
        logger.error("an invariant is broken", exc_info=error)
    return error
