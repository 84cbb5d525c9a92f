"""Requests and answers as bytes, in msgpack. Pure.

| message | its parts |
| --- | --- |
| request | number, method, arguments |
| answer | number, value |
| error in place of an answer | number, error code, sentence |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from game.errors import InvalidArgument
from game.plain_values import LARGEST
from wire.errors import TicTacToeError, error_from

Number = Annotated[int, Meta(ge=0, le=LARGEST)]

_VALUE, _ERROR = 2, 3
"""The number of parts of an answer with a value, and of an error."""
_encode = msgspec.msgpack.Encoder().encode
_read_request = msgspec.msgpack.Decoder(tuple[Number, str, Raw]).decode
_read_answer = msgspec.msgpack.Decoder(list[Any]).decode
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, ValueError, TypeError, RecursionError)
"""What reading bytes that are no message may raise."""
_UNWRITABLE = (msgspec.MsgspecError, UnicodeError, OverflowError, TypeError, ValueError, RecursionError)


def request(number: int, method: str, arguments: Sequence[object]) -> bytes:
    """Return a request. Raises InvalidArgument for a value that cannot be sent."""
    return _written((number, method, arguments))


def read_request(message: bytes) -> tuple[int, str, Raw]:
    """Return the number, the method and the unread arguments. Raises ConnectionAbortedError for anything else."""
    try:
        return _read_request(message)
    except _UNREADABLE as error:
        raise ConnectionAbortedError(f"that is not a request: {error}") from None


def read_arguments(raw: Raw) -> list[Any]:
    """Return the arguments of a request as plain data. Raises InvalidArgument."""
    try:
        return _read_answer(raw)
    except _UNREADABLE as error:
        raise InvalidArgument(f"the arguments cannot be read: {error}") from None


def answer(number: int, value: object) -> bytes:
    """Return an answer. Raises InvalidArgument for a value that cannot be sent."""
    return _written((number, value))


def error_answer(number: int, error: TicTacToeError) -> bytes:
    """Return an error in place of an answer."""
    sentence = error.message.encode(errors="replace").decode()
    return _written((number, error.code, sentence))


def read_answer(message: bytes) -> tuple[int, Any, TicTacToeError | None]:
    """Return the number, the value, and the error in its place. Raises ConnectionAbortedError for anything else."""
    try:
        parts = _read_answer(message)
    except _UNREADABLE as error:
        raise ConnectionAbortedError(f"that is not an answer: {error}") from None
    if len(parts) == _VALUE and type(parts[0]) is int:
        return parts[0], parts[1], None
    if len(parts) == _ERROR and list(map(type, parts)) == [int, str, str]:
        return parts[0], None, error_from(parts[1], parts[2])
    raise ConnectionAbortedError("that is not an answer: it has other parts")


def _written(message: tuple[object, ...]) -> bytes:
    try:
        return _encode(message)
    except _UNWRITABLE as error:
        raise InvalidArgument(f"a value cannot be sent as it is: {error}") from None
