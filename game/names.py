"""Usernames: each belongs to the token it was first claimed with. Decide and evolve, like rooms but tiny.

Two names that read the same (other case, other composition of the same characters) are one name: ``name_key``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from game.errors import InvalidArgument, NameTaken

LONGEST_NAME = 20
_INNER = frozenset("_-. ")
_MOST_PARTS_OF_A_CHARACTER = 4
"""Code points that NFC makes one of, at the most."""
_LETTERS_AND_DIGITS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
_INVISIBLE = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0}
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
"""Letters and marks that are not drawn: Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties."""


@dataclass(frozen=True, slots=True)
class Name:
    """A username and the hash of the token it belongs to."""

    version: int
    name: str
    token_hash: str


NOBODY = Name(0, "", "")


@dataclass(frozen=True, slots=True)
class Claim:
    """Make the name mine, or show that it is: ``token_hash`` is the hash of the caller's secret token."""

    name: str
    token_hash: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """The name belongs to whoever has the token of that hash."""

    name: str
    token_hash: str


def check_name(value: object) -> str:
    """The name in its normal form (NFC): 1 to 20 letters and digits of any script, with single ``_ - .`` or spaces
    between them. Raises InvalidArgument.

    Characters that cannot be seen are refused, so that no two names look the same for want of one. Look-alikes of
    different scripts (the Latin and the Cyrillic a) make different names.
    """
    if not isinstance(value, str) or len(value) > LONGEST_NAME * _MOST_PARTS_OF_A_CHARACTER:
        raise InvalidArgument(f"a name is a text of 1 to {LONGEST_NAME} characters")
    name = unicodedata.normalize("NFC", value)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidArgument(f"a name is a text of 1 to {LONGEST_NAME} characters")
    parts = "".join(" " if c in _INNER else c for c in name).split(" ")
    if not all(_is_word(part) for part in parts):
        raise InvalidArgument("a name is made of letters and digits, with single _ - . or spaces between them")
    return name


def _is_word(part: str) -> bool:
    """Letters and digits, each with the accents and vowel signs that stand on it."""
    return _is_letter_or_digit(part[:1]) and all(_is_letter_or_digit(c) or _is_mark(c) for c in part)


def _is_letter_or_digit(c: str) -> bool:
    return c != "" and unicodedata.category(c) in _LETTERS_AND_DIGITS and ord(c) not in _INVISIBLE


def _is_mark(c: str) -> bool:
    return unicodedata.category(c) in ("Mn", "Mc") and ord(c) not in _INVISIBLE


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


def from_plain(plain: object) -> Claimed:
    """The event that ``to_plain`` wrote; unknown fields are ignored. Raises InvalidArgument for anything else."""
    if not isinstance(plain, Mapping) or plain.get("kind") != "claimed":
        raise InvalidArgument("a username's only event is that it was claimed")
    name, token_hash = plain.get("name"), plain.get("token_hash")
    if not isinstance(name, str) or not isinstance(token_hash, str):
        raise InvalidArgument("name and token_hash must be texts")
    return Claimed(name, token_hash)


def encode(state: Name) -> dict[str, object]:
    """The state as plain data."""
    return {"version": state.version, "name": state.name, "token_hash": state.token_hash}


def decode(plain: Mapping[str, Any]) -> Name:
    """The state that ``encode`` wrote."""
    return Name(plain["version"], plain["name"], plain["token_hash"])
