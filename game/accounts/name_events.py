"""What can happen to a username, as values and as the plain data that is written. ``names`` decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from game.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Claimed:
    """The name belongs to whoever has the token of that hash."""

    name: str
    token_hash: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The name can be recovered with the code of that hash, and with no other."""

    code_hash: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """The name belongs to whoever has the token of that hash, and no more to whom it belonged."""

    token_hash: str


@dataclass(frozen=True, slots=True)
class Released:
    """The name is nobody's."""


Event = Claimed | Kept | Recovered | Released


def to_plain(event: Event) -> dict[str, object]:
    """The event as plain data."""
    return {"kind": _KIND_OF[type(event)], **asdict(event)}


def from_plain(plain: object) -> Event:
    """The event that ``to_plain`` wrote; unknown fields are ignored. Raises InvalidArgument for anything else."""
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
