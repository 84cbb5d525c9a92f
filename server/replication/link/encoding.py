"""Requests and answers as bytes, in msgpack. Pure.

A request has number, method and arguments. An answer has number, value, error code and sentence; the code is "" if
there is no error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from game.errors import InvalidArgument
from game.plain_values import LARGEST
from wire.errors import TicTacToeError, TooLarge, error_from
from wire.frames import NotAMessage
from wire.message_reader import LARGEST_OF_SERVERS

LARGEST_MESSAGE = LARGEST_OF_SERVERS
"""The most bytes in a message."""
Number = Annotated[int, Meta(ge=0, le=LARGEST)]

_encode = msgspec.msgpack.Encoder().encode
_read_request = msgspec.msgpack.Decoder(tuple[Number, str, Raw]).decode
_read_answer = msgspec.msgpack.Decoder(tuple[Number, Any, str, str]).decode
_read_list = msgspec.msgpack.Decoder(list[Any]).decode
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, ValueError, TypeError, RecursionError)
"""What reading bytes that are no message may raise."""


def request(number: int, method: str, arguments: Sequence[object]) -> bytes:
    """Return a request. Raises InvalidArgument for a value that cannot be sent, and TooLarge."""
    return _written((number, method, arguments))


def read_request(message: bytes) -> tuple[int, str, Raw]:
    """Return the number, the method and the unread arguments. Raises NotAMessage for anything else."""
    try:
        return _read_request(message)
    except _UNREADABLE as error:
        raise NotAMessage(f"that is not a request: {error}") from None


def read_arguments(raw: Raw) -> list[Any]:
    """Return the arguments of a request as plain data. Raises InvalidArgument."""
    try:
        return _read_list(raw)
    except _UNREADABLE as error:
        raise InvalidArgument(f"the arguments cannot be read: {error}") from None


def answer(number: int, value: object, error: TicTacToeError | None) -> bytes:
    """Return an answer, or the error in its place. A value that cannot be sent becomes an error."""
    if error is None:
        try:
            return _written((number, value, "", ""))
        except TicTacToeError as failure:
            error = failure
    return _written((number, None, error.code, error.message.encode(errors="replace").decode()))


def read_answer(message: bytes) -> tuple[int, Any, TicTacToeError | None]:
    """Return the number, the value, and the error in its place. Raises NotAMessage for anything else."""
    try:
        number, value, code, sentence = _read_answer(message)
    except _UNREADABLE as error:
        raise NotAMessage(f"that is not an answer: {error}") from None
    return number, value, error_from(code, sentence) if code else None


def _written(message: tuple[object, ...]) -> bytes:
    try:
        written = _encode(message)
    except (*_UNREADABLE, OverflowError) as error:
        raise InvalidArgument(f"a value cannot be sent as it is: {error}") from None
    if len(written) > LARGEST_MESSAGE:
        raise TooLarge(f"the message has {len(written)} bytes, and servers accept {LARGEST_MESSAGE}")
    return written
