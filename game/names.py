"""Usernames: each belongs to the token it was first claimed with. Decide and evolve, like rooms but tiny.

Two names that read the same (other case, other composition of the same characters) are one name: ``name_key``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from game.errors import InvalidArgument, NameTaken, check

LONGEST_NAME = 20
_INNER = frozenset("_-. ")


@dataclass(frozen=True)
class Name:
    """A username and the hash of the token it belongs to."""

    version: int
    name: str
    token_hash: str


NOBODY = Name(0, "", "")


@dataclass(frozen=True)
class Claim:
    """Make the name mine, or show that it is: ``token_hash`` is the hash of the caller's secret token."""

    name: str
    token_hash: str


@dataclass(frozen=True)
class Claimed:
    """The name belongs to whoever has the token of that hash."""

    name: str
    token_hash: str


def check_name(value: object) -> str:
    """The name in its normal form (NFC): 1 to 20 letters and digits of any script, with single ``_ - .`` or spaces
    between them. Raises InvalidArgument.
    """
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_NAME:
        raise InvalidArgument(f"a name is a text of 1 to {LONGEST_NAME} characters")
    name = unicodedata.normalize("NFC", value)
    parts = "".join(" " if c in _INNER else c for c in name).split(" ")
    if len(name) > LONGEST_NAME or not all(part and all(_is_letter_or_digit(c) for c in part) for part in parts):
        raise InvalidArgument("a name is made of letters and digits, with single _ - . or spaces between them")
    return name


def _is_letter_or_digit(c: str) -> bool:
    return unicodedata.category(c)[0] in "LM" or unicodedata.category(c) == "Nd"


def name_key(name: str) -> str:
    """What two names that read the same have in common."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def decide(state: Name, command: Claim) -> tuple[Claimed, ...]:
    """A free name becomes the caller's; one's own stays it. Raises NameTaken for somebody else's."""
    if state.version == 0:
        return (Claimed(command.name, command.token_hash),)
    if state.token_hash != command.token_hash:
        raise NameTaken(f"the name {state.name} belongs to somebody else")
    return ()


def evolve(state: Name, event: Claimed) -> Name:
    """The name after the event."""
    return Name(state.version + 1, event.name, event.token_hash)


def to_plain(event: Claimed) -> dict[str, object]:
    """The event as plain data."""
    return {"kind": "claimed", "name": event.name, "token_hash": event.token_hash}


def from_plain(plain: Mapping[str, Any]) -> Claimed:
    """The event that ``to_plain`` wrote."""
    check(plain.get("kind") == "claimed", "a username's only event is that it was claimed")
    return Claimed(plain["name"], plain["token_hash"])


def encode(state: Name) -> dict[str, object]:
    """The state as plain data."""
    return {"version": state.version, "name": state.name, "token_hash": state.token_hash}


def decode(plain: Mapping[str, Any]) -> Name:
    """The state that ``encode`` wrote."""
    return Name(plain["version"], plain["name"], plain["token_hash"])
