"""Usernames. A name belongs to the token that claimed it, until it is recovered with another token or released.

Decide and evolve, as for rooms.

| event | before it | after it |
| --- | --- | --- |
| ``Claimed`` | free | owned |
| ``Reserved`` | owned | owned, with a recovery code: never released |
| ``Recovered`` | owned, with a code | owned by another token, with the same code |
| ``Released`` | owned, without a code | free |

Two names that differ only in case or composition are the same name: see ``name_key``. Lookalikes are in
``game.accounts.lookalikes``.
"""

from __future__ import annotations

import unicodedata

from msgspec import Struct
from msgspec.structs import replace

from game.accounts.name_events import Claimed, Event, Recovered, Released, Reserved
from game.errors import BadToken, InvalidArgument, NameTaken, NotAllowed, WrongCode, require
from game.plain_values import Form, Whole

LONGEST_NAME = 20
REMEMBERED = 8
"""The most former tokens, and the most former codes, that a name remembers."""
SEPARATORS = "_-. "
"""The characters that can separate the words of a name."""
_MOST_PARTS_OF_A_CHARACTER = 4
"""The most code points that NFC composes to one."""
_LETTERS_AND_DIGITS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
_INVISIBLE = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0}
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
"""Letters and marks without a glyph: Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties."""


class Name(Struct, frozen=True, omit_defaults=True):
    """A username's state. ``token_hash``: hash of the owner's token, empty while the name is free.

    ``code_hash``: hash of the recovery code, empty while the name is not reserved.
    """

    version: Whole
    name: str
    token_hash: str
    code_hash: str = ""
    former_tokens: tuple[str, ...] = ()
    """Hashes of tokens that owned the name before a recovery, latest last."""
    former_codes: tuple[str, ...] = ()
    """Hashes of codes that newer codes replaced, latest last."""

    @property
    def is_owned(self) -> bool:
        """Return whether the name has an owner."""
        return self.token_hash != ""

    @property
    def is_reserved(self) -> bool:
        """Return whether the name is reserved: it has a recovery code, so its owner keeps it during any absence."""
        return self.code_hash != ""


NOBODY = Name(0, "", "")


class Claim(Struct, frozen=True):
    """Claim the name, or show that it is the caller's. ``token_hash``: hash of the caller's token."""

    name: str
    token_hash: str


class Reserve(Struct, frozen=True):
    """Reserve the caller's name, so that it stays the caller's and can be recovered with this code."""

    token_hash: str
    code_hash: str


class Recover(Struct, frozen=True):
    """Give the name with this code to this token. The token before it loses the name."""

    code_hash: str
    token_hash: str


class Release(Struct, frozen=True):
    """Release a name. Only the system sends this, when ``may_be_released`` allows it."""


Command = Claim | Reserve | Recover | Release


def check_name(value: object) -> str:
    """Return the name in normal form (NFC). Raises InvalidArgument.

    A name is 1 to 20 letters and digits of any script, with single ``_ - .`` or spaces between them. This holds for
    every name, old or new; ``new_names`` has further rules for new names. Invisible characters are refused, because two
    different names could look the same.
    """
    if not isinstance(value, str) or len(value) > LONGEST_NAME * _MOST_PARTS_OF_A_CHARACTER:
        raise InvalidArgument(f"a name is a text of 1 to {LONGEST_NAME} characters")
    name = unicodedata.normalize("NFC", value)
    require(1 <= len(name) <= LONGEST_NAME, f"a name is a text of 1 to {LONGEST_NAME} characters")
    parts = "".join(" " if c in SEPARATORS else c for c in name).split(" ")
    plain = all(_is_word(part) for part in parts)
    require(plain, "a name is made of letters and digits, with single _ - . or spaces between them")
    return name


def _is_word(part: str) -> bool:
    """Return whether the part consists of letters and digits, each with its accents and vowel signs."""
    return _is_letter_or_digit(part[:1]) and all(_is_letter_or_digit(c) or _is_mark(c) for c in part)


def _is_letter_or_digit(c: str) -> bool:
    return c != "" and unicodedata.category(c) in _LETTERS_AND_DIGITS and ord(c) not in _INVISIBLE


def _is_mark(c: str) -> bool:
    return unicodedata.category(c) in ("Mn", "Mc") and ord(c) not in _INVISIBLE


def name_key(name: str) -> str:
    """Return the key of a name. Names with the same key are the same name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def decide(state: Name, command: Command) -> tuple[Event, ...]:
    """Return the events of the command; none if the name already is as the command wants. Raises a Refusal."""
    if isinstance(command, Claim):
        return _claim(state, command)
    if isinstance(command, Reserve):
        return _reserve(state, command)
    if isinstance(command, Recover):
        return _recover(state, command)
    if state.is_reserved:
        raise NotAllowed("a name with a recovery code is not released")
    return (Released(),) if state.is_owned else ()


def _claim(state: Name, claim: Claim) -> tuple[Event, ...]:
    """Claim a free name. A claim of the caller's own name changes nothing."""
    if not state.is_owned:
        return (Claimed(claim.name, claim.token_hash),)
    if state.token_hash != claim.token_hash:
        raise NameTaken(f"the name {state.name} belongs to somebody else")
    return ()


def _reserve(state: Name, reserve: Reserve) -> tuple[Event, ...]:
    """Replace the recovery code.

    A late copy of an old request must not restore the old code, because the owner has written down the new code.
    """
    if state.token_hash != reserve.token_hash:
        raise BadToken("this token no longer owns the name")
    require(reserve.code_hash not in state.former_codes, "this recovery code was replaced: make a new one")
    return () if reserve.code_hash == state.code_hash else (Reserved(reserve.code_hash),)


def _recover(state: Name, recover: Recover) -> tuple[Event, ...]:
    """Give the name to the token. The code stays valid, so a former token is refused.

    Otherwise a late copy of an old request would undo a later recovery.
    """
    if not state.is_reserved or state.code_hash != recover.code_hash:
        raise WrongCode("that is not the recovery code of this name")
    is_new = recover.token_hash not in state.former_tokens
    require(is_new, "this token had the name before: recover it with a new one")
    return () if recover.token_hash == state.token_hash else (Recovered(recover.token_hash),)


def evolve(state: Name, event: Event) -> Name:
    """Return the name after the event."""
    version = state.version + 1
    if isinstance(event, Claimed):
        return Name(version, event.name, event.token_hash)
    if isinstance(event, Reserved):
        codes = (*state.former_codes, state.code_hash)[-REMEMBERED:] if state.is_reserved else ()
        return replace(state, version=version, code_hash=event.code_hash, former_codes=codes)
    if isinstance(event, Recovered):
        tokens = (*state.former_tokens, state.token_hash)[-REMEMBERED:]
        return replace(state, version=version, token_hash=event.token_hash, former_tokens=tokens)
    return Name(version, "", "")


def may_be_released(state: Name, *, seated: bool, inactive_s: float, grace_s: float) -> bool:
    """Return whether a name can be released.

    The name is not reserved, and its owner has been absent for longer than ``grace_s`` seconds and has no seat in an
    open room. ``seated``: whether the owner has such a seat. ``inactive_s``: seconds since the owner was last seen.
    """
    return state.is_owned and not state.is_reserved and not seated and inactive_s > grace_s


STATES = Form(Name)
"""Also reads states from before recovery codes."""
