"""Usernames: each belongs to the token it was claimed with, until it is recovered with another or let go. Decide and
evolve, like rooms but tiny.

| event | before it | after it |
| --- | --- | --- |
| ``Claimed`` | free | somebody's |
| ``Kept`` | somebody's | somebody's, with a recovery code: never let go |
| ``Recovered`` | somebody's, with a code | another token's, with the same code |
| ``Released`` | somebody's, without a code | free |

Two names that read the same (other case, other composition of the same characters) are one name: ``name_key``. Which
ones look alike ``game.accounts.lookalikes`` knows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from game.accounts.name_events import Claimed, Event, Kept, Recovered, Released
from game.errors import BadToken, InvalidArgument, NameTaken, NotAllowed, WrongCode

LONGEST_NAME = 20
REMEMBERED = 8
"""So many tokens and codes that others took the place of are remembered of a name."""
SEPARATORS = "_-. "
"""What stands between the words of a name."""
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
    """A username: the hash of the token it belongs to, empty while it is nobody's, and that of its recovery code."""

    version: int
    name: str
    token_hash: str
    code_hash: str = ""
    former_tokens: tuple[str, ...] = ()
    """Hashes of tokens that had it before it was recovered with others; the latest last."""
    former_codes: tuple[str, ...] = ()
    """Hashes of codes that newer ones took the place of; the latest last."""

    @property
    def held(self) -> bool:
        """Whether it is somebody's."""
        return self.token_hash != ""

    @property
    def kept(self) -> bool:
        """Whether it stays its owner's however long they are away: it has a recovery code."""
        return self.code_hash != ""


NOBODY = Name(0, "", "")


@dataclass(frozen=True, slots=True)
class Claim:
    """Make the name mine, or show that it is: ``token_hash`` is the hash of the caller's secret token."""

    name: str
    token_hash: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """Let my name stay mine while I am away, and be recovered with the code of that hash."""

    token_hash: str
    code_hash: str


@dataclass(frozen=True, slots=True)
class Recover:
    """Give the name that has that code to this token; the one before it is nobody's then."""

    code_hash: str
    token_hash: str


@dataclass(frozen=True, slots=True)
class Release:
    """The house lets a name go; when, ``may_be_released`` says."""


Command = Claim | Reserve | Recover | Release


def check_name(value: object) -> str:
    """The name in its normal form (NFC): 1 to 20 letters and digits of any script, with single ``_ - .`` or spaces
    between them. Raises InvalidArgument.

    The shape of all names that there are or were; for a new one ``new_names`` asks for more. Characters that cannot be
    seen are refused, so that no two names look the same for want of one.
    """
    if not isinstance(value, str) or len(value) > LONGEST_NAME * _MOST_PARTS_OF_A_CHARACTER:
        raise InvalidArgument(f"a name is a text of 1 to {LONGEST_NAME} characters")
    name = unicodedata.normalize("NFC", value)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidArgument(f"a name is a text of 1 to {LONGEST_NAME} characters")
    parts = "".join(" " if c in SEPARATORS else c for c in name).split(" ")
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


def decide(state: Name, command: Command) -> tuple[Event, ...]:
    """What the command makes of the name; nothing if it is so already. Raises a Refusal."""
    if isinstance(command, Claim):
        return _claim(state, command)
    if isinstance(command, Reserve):
        return _keep(state, command)
    if isinstance(command, Recover):
        return _recover(state, command)
    if state.kept:
        raise NotAllowed("a name with a recovery code stays its owner's")
    return (Released(),) if state.held else ()


def _claim(state: Name, claim: Claim) -> tuple[Event, ...]:
    """A free name becomes the caller's; one's own stays it."""
    if not state.held:
        return (Claimed(claim.name, claim.token_hash),)
    if state.token_hash != claim.token_hash:
        raise NameTaken(f"the name {state.name} belongs to somebody else")
    return ()


def _keep(state: Name, keep: Reserve) -> tuple[Event, ...]:
    """A new code takes the place of the one before. A copy of an old request that comes late must not bring the old
    code back: somebody has written down the new one.
    """
    if state.token_hash != keep.token_hash:
        raise BadToken("the name is not this token's (any more)")
    if keep.code_hash in state.former_codes:
        raise InvalidArgument("another recovery code has taken the place of this one: make a new one")
    return () if keep.code_hash == state.code_hash else (Kept(keep.code_hash),)


def _recover(state: Name, recover: Recover) -> tuple[Event, ...]:
    """Whoever has the code gets the name. The code stays good, so for a token that had the name before there is no way
    back: a copy of an old request that comes late must not undo a later one.
    """
    if not state.kept or state.code_hash != recover.code_hash:
        raise WrongCode("that is not the recovery code of this name")
    if recover.token_hash in state.former_tokens:
        raise InvalidArgument("this token had the name before: recover it with a new one")
    return () if recover.token_hash == state.token_hash else (Recovered(recover.token_hash),)


def evolve(state: Name, event: Event) -> Name:
    """The name after the event."""
    version = state.version + 1
    if isinstance(event, Claimed):
        return Name(version, event.name, event.token_hash)
    if isinstance(event, Kept):
        codes = (*state.former_codes, state.code_hash)[-REMEMBERED:] if state.kept else ()
        return replace(state, version=version, code_hash=event.code_hash, former_codes=codes)
    if isinstance(event, Recovered):
        tokens = (*state.former_tokens, state.token_hash)[-REMEMBERED:]
        return replace(state, version=version, token_hash=event.token_hash, former_tokens=tokens)
    return Name(version, "", "")


def may_be_released(state: Name, *, seated: bool, unheard_s: float, grace_s: float) -> bool:
    """Whether a name is free again: its owner was not heard of for longer than the grace time, has no seat in an open
    room (``seated``), and has not kept it.
    """
    return state.held and not state.kept and not seated and unheard_s > grace_s


def encode(state: Name) -> dict[str, object]:
    """The state as plain data."""
    plain: dict[str, object] = {"version": state.version, "name": state.name, "token_hash": state.token_hash}
    if state.kept:
        plain["code_hash"] = state.code_hash
    if state.former_tokens:
        plain["former_tokens"] = list(state.former_tokens)
    if state.former_codes:
        plain["former_codes"] = list(state.former_codes)
    return plain


def decode(plain: Mapping[str, Any]) -> Name:
    """The state that ``encode`` wrote, also one from before names could be kept."""
    return Name(
        plain["version"],
        plain["name"],
        plain["token_hash"],
        plain.get("code_hash", ""),
        tuple(plain.get("former_tokens", ())),
        tuple(plain.get("former_codes", ())),
    )
