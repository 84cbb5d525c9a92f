"""The events of a username, and their plain form for the log. ``names`` decides them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from game.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Claimed:
    """The name belongs to the token with this hash."""

    name: str
    token_hash: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The name is reserved. It can be recovered only with the code of this hash."""

    code_hash: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """The name belongs to the token with this hash, and no longer to its former token."""

    token_hash: str


@dataclass(frozen=True, slots=True)
class Released:
    """The name is free."""


Event = Claimed | Kept | Recovered | Released


def to_plain(event: Event) -> dict[str, object]:
    """Return the event as plain data."""
    return {"kind": _KIND_OF[type(event)], **asdict(event)}


def from_plain(plain: object) -> Event:
    """Return the event that ``to_plain`` wrote. Ignores unknown fields. Raises InvalidArgument for any other value."""
    if not isinstance(plain, Mapping) or not isinstance(plain.get("kind"), str) or plain["kind"] not in _EVENTS:
        raise InvalidArgument("this is no event of a username")
    kind = _EVENTS[plain["kind"]]
    values: dict[str, str] = {}
    for field in fields(kind):
        value = plain.get(field.name)
        if not isinstance(value, str):
            raise InvalidArgument(f"{field.name} must be a text")
        values[field.name] = value
    return kind(**values)


_EVENTS: Mapping[str, type[Claimed] | type[Kept] | type[Recovered] | type[Released]] = {
    "claimed": Claimed,
    "kept": Kept,
    "recovered": Recovered,
    "released": Released,
}
_KIND_OF = {event: kind for kind, event in _EVENTS.items()}
