"""Text that people write for others, of any script: the one rule for titles of rooms and for what is said. Pure.

Nothing is in it that cannot be seen or that changes how the rest is seen, but for the two joiners where they have a
use: Persian and the scripts of India are written with them, and many emoji are made with them. Where they have none
they are dropped. See RFC 5892, appendix A.1 and A.2, and UTS #51 for emoji. RFC 5892 also asks which letters stand on
both sides of a non-joiner; people write it after letters that never join, too, and nothing is lost by that.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

MOST_MARKS = 4
"""Marks on one letter that take no room of their own; see UTS #39, "Optional Detection"."""
_NON_JOINER = "\u200c"
_JOINER = "\u200d"
_JOINERS = _NON_JOINER + _JOINER
_VIRAMA = 9
"""Its class of combining characters."""
_CURSIVE = frozenset(
    {"ADLAM", "ARABIC", "HANIFI", "MANDAIC", "MANICHAEAN", "MONGOLIAN", "NKO", "PHAGS-PA", "SOGDIAN", "SYRIAC"}
)
"""Scripts whose letters join, as the names of their letters begin."""
_EMOJI_PARTS = frozenset("\ufe0f\u20e3") | frozenset(map(chr, range(0x1F3FB, 0x1F400)))
"""What follows an emoji and belongs to it: how it is drawn, a key's cap, a skin's tone."""
_ARROWS = "\u2194\u2195"
"""Emoji that are no "other symbols" in Unicode's categories."""
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and a sign that look like spaces: fillers of Hangul, and the empty cell of Braille."""


def readable(text: str) -> str:
    """The text in its normal form (NFC) without what is no text: control characters, directions, surrogates, joiners
    without use, marks that pile up. White space is single spaces.
    """
    kept = " ".join("".join(c for c in text if _is_text(c)).split())
    if kept.isascii():
        return kept
    before = ""
    while kept != before:  # what is dropped can bring a mark to another one
        before, kept = kept, _trimmed(kept)
    return kept


def is_readable(text: str) -> bool:
    """Whether nothing of it is lost by ``readable`` but white space, joiners without use and other compositions."""
    return all(_is_text(c) and (c == " " or not c.isspace()) for c in text) and not piles_up(text)


def can_be_seen(text: str) -> bool:
    """Whether anything of it leaves a trace on a screen."""
    return any(unicodedata.category(c)[0] not in "CMZ" and c not in _BLANK for c in text)


def piles_up(text: str) -> bool:
    """Whether a letter has more than MOST_MARKS marks, or one twice in a row."""
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
    """Whether it is drawn over, under or through the letter before it."""
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
    """Whether a joiner shows: after a virama, after a letter of a cursive script, or, between two emoji, as one."""
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
