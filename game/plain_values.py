"""Plain data: what JSON and msgpack have in common, and the form of a type as plain data. Pure.

What is written or sent is a ``msgspec.Struct`` or a named tuple. Its annotations are its form: ``msgspec`` reads and
writes it in C. A field with a default may be missing, unknown fields are ignored, any other value is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, Union

import msgspec
from msgspec import Meta

from game.errors import InvalidArgument

LARGEST = (1 << 63) - 1
"""The largest whole number that every msgpack reader accepts."""
DEEPEST = 4
"""The most levels of lists and dictionaries inside one another."""
ROOM_ID = re.compile(r"[0-9a-z]{4,16}")
"""A complete room id. It is a part of remote names and file names."""

Whole = Annotated[int, Meta(ge=0, le=LARGEST)]
"""A whole number from 0."""

if TYPE_CHECKING:
    Simple = Any
    Options = Mapping[str, Any]
else:
    _SCALAR = Simple = str | bool | Annotated[int, Meta(ge=-LARGEST, le=LARGEST)] | None
    for _ in range(DEEPEST):
        Options = Mapping[str, Simple]
        Simple = _SCALAR | list[Simple] | dict[str, Simple]
"""``Simple``: any value that JSON and msgpack both have, ``DEEPEST`` levels deep. The rules check what it means as a
move or an option. ``Options``: such values by name."""

as_json = msgspec.json.Encoder(enc_hook=dict).encode
"""Return a value as JSON in UTF-8. ``enc_hook``: mappings of other classes are written as dictionaries."""

T = TypeVar("T")
_LONGEST_REASON = 200
_SURROGATE = re.compile("[\ud800-\udfff]")


class Form(Generic[T]):
    """The form of a Struct as JSON and as plain data. With several Structs, the field ``kind`` has the tag of each.

    Reading raises InvalidArgument, with the field's name in the sentence, for data of another form.
    """

    def __init__(self, *kinds: type[T]) -> None:
        self._any: Any = Union[kinds]  # noqa: UP007  # their number is not known here
        self._by_tag = {kind.__struct_config__.tag: kind for kind in kinds}  # type: ignore[attr-defined]
        self._decode = msgspec.json.Decoder(self._any).decode

    def to_json(self, value: T) -> str:
        """Return the value as JSON text."""
        return as_json(value).decode()

    def from_json(self, body: str) -> T:
        """Return the value that ``to_json`` wrote."""
        try:
            value: T = self._decode(body)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
            raise InvalidArgument(_reason(error)) from None
        return value

    def to_plain(self, value: T) -> dict[str, Any]:
        """Return the value as a new dictionary of texts, whole numbers, None, lists and dictionaries."""
        plain: dict[str, Any] = msgspec.json.decode(self.to_json(value))
        return plain

    def from_plain(self, plain: object) -> T:
        """Return the value that ``to_plain`` wrote, possibly after a way through another serializer."""
        tag = plain.get("kind") if isinstance(plain, Mapping) else None
        # msgspec would take 20 µs to look for the tag in the whole union
        kind = self._by_tag.get(tag, self._any) if isinstance(tag, str) else self._any
        value: T = read(plain, kind)
        return value


def read(plain: Any, kind: type[T]) -> T:
    """Return a dictionary as a Struct. Raises InvalidArgument for other data."""
    value: T = convert(plain, kind)
    try:
        for name in value.__struct_fields__:  # type: ignore[attr-defined]
            _check_texts(plain.get(name), name)
    except RecursionError:
        raise InvalidArgument("the value is too deep") from None
    return value


def convert(plain: object, kind: Any) -> Any:
    """Return plain data as a value of any type that ``msgspec`` reads. Raises InvalidArgument for other data.

    Does not check that texts have a UTF-8 form.
    """
    try:
        return msgspec.convert(plain, kind)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise InvalidArgument(_reason(error)) from None


def is_unicode(text: str) -> bool:
    """Return whether the text has a UTF-8 form. A lone surrogate has none, so neither disk nor wire can carry it."""
    return text.isascii() or not _SURROGATE.search(text)


def _check_texts(value: object, name: str) -> None:
    """Refuse what ``msgspec.convert`` accepts and JSON cannot carry: texts without a UTF-8 form, and sets for lists."""
    if isinstance(value, str):
        if not is_unicode(value):
            raise InvalidArgument(f"{name} must be valid Unicode")
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check_texts(item, name)
    elif isinstance(value, dict):
        _check_texts([*value, *value.values()], name)
    elif isinstance(value, (set, frozenset)):
        raise InvalidArgument(f"{name} must be a list")


def _reason(error: Exception) -> str:
    """Return what is wrong and where, without the marks that ``msgspec`` puts around names."""
    what, _, place = str(error).replace("`", "").partition(" - at ")
    return f"{re.sub('[$][.]?', '', place) or 'the value'} cannot be read: {what[:_LONGEST_REASON]}"
