"""The rule for text that people write for others, in any script: titles of rooms and chat lines. Pure.

The text has no invisible characters, and none that changes how the rest is shown. The two joiners are an exception
where they have a use. Persian and the scripts of India need them, and many emoji are made with them. Elsewhere they are
dropped.

See RFC 5892, appendix A.1 and A.2, and UTS #51 for emoji. RFC 5892 also checks the letters on both sides of a
non-joiner. This module does not: people also write it after letters that never join, and that does no harm.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

MOST_MARKS = 4
"""The most combining marks on one letter; see UTS #39, "Optional Detection"."""
_NON_JOINER = "\u200c"
_JOINER = "\u200d"
_JOINERS = _NON_JOINER + _JOINER
_VIRAMA = 9
"""The canonical combining class of a virama."""
_CURSIVE = frozenset(
    {"ADLAM", "ARABIC", "HANIFI", "MANDAIC", "MANICHAEAN", "MONGOLIAN", "NKO", "PHAGS-PA", "SOGDIAN", "SYRIAC"}
)
"""Scripts with joining letters. The Unicode names of their letters begin with these words."""
_EMOJI_PARTS = frozenset("\ufe0f\u20e3") | frozenset(map(chr, range(0x1F3FB, 0x1F400)))
"""Characters that follow an emoji and belong to it: presentation selector, keycap, skin tone."""
_ARROWS = "\u2194\u2195"
"""Emoji outside Unicode's category "other symbols"."""
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and a symbol that look like spaces: Hangul fillers and the empty Braille cell."""


def readable(text: str) -> str:
    """Return the text in normal form (NFC) without characters that are not text.

    Drops control characters, directions, surrogates, joiners without use, and marks beyond MOST_MARKS. White space
    becomes single spaces.
    """
    kept = " ".join("".join(c for c in text if _is_text(c)).split())
    if kept.isascii():
        return kept
    before = ""
    while kept != before:  # dropping a character can put two marks side by side
        before, kept = kept, _trimmed(kept)
    return kept


def is_readable(text: str) -> bool:
    """Return whether ``readable`` keeps the text.

    Changes of white space, composition and joiners without use do not count.
    """
    return all(_is_text(c) and (c == " " or not c.isspace()) for c in text) and not piles_up(text)


def can_be_seen(text: str) -> bool:
    """Return whether any character of the text is visible on a screen."""
    return any(unicodedata.category(c)[0] not in "CMZ" and c not in _BLANK for c in text)


def piles_up(text: str) -> bool:
    """Return whether a letter has more than MOST_MARKS marks, or the same mark twice in a row."""
    decomposed = unicodedata.normalize("NFD", text)
    return _without_piles(decomposed) != decomposed


def _is_text(c: str) -> bool:
    return c.isspace() or c in _JOINERS or not unicodedata.category(c).startswith("C")


def _trimmed(text: str) -> str:
    plain = _without_piles(unicodedata.normalize("NFD", _without_idle_joiners(text)))
    return unicodedata.normalize("NFC", " ".join(plain.split()))


def _without_piles(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for c in text:
        marks = marks + 1 if _is_mark(c) else 0
        if marks > MOST_MARKS or (marks > 1 and c == kept[-1]):
            continue
        kept.append(c)
    return "".join(kept)


def _is_mark(c: str) -> bool:
    """Return whether the character is drawn over, under or through the letter before it."""
    return unicodedata.category(c) in ("Mn", "Me")


def _without_idle_joiners(text: str) -> str:
    if _NON_JOINER not in text and _JOINER not in text:
        return text
    kept: list[str] = []
    for at, c in enumerate(text):
        if c not in _JOINERS or _has_use(c, kept, text[at + 1 : at + 2]):
            kept.append(c)
    return "".join(kept)


def _has_use(joiner: str, before: Sequence[str], after: str) -> bool:
    """Return whether a joiner has a visible effect.

    Both joiners have an effect after a virama and after a letter of a cursive script. The joiner (U+200D) also has it
    between two emoji, which it combines.
    """
    last = [c for c in before[-1 - MOST_MARKS :] if c not in _EMOJI_PARTS]
    if last and unicodedata.combining(last[-1]) == _VIRAMA:
        return True
    letters = [c for c in last if not _is_mark(c)]
    if not letters:
        return False
    if unicodedata.name(letters[-1], "").partition(" ")[0] in _CURSIVE:
        return True
    return joiner == _JOINER and _is_emoji(letters[-1]) and _is_emoji(after)


def _is_emoji(c: str) -> bool:
    return c != "" and (unicodedata.category(c) == "So" or c in _ARROWS)
