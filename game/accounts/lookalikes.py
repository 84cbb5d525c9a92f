"""What a name looks like: two that are easily taken for one another have a skeleton in common. Pure.

The skeleton is that of UTS #39 (Unicode Security Mechanisms, "Confusable Detection"): decompose, put what each
character looks like in its place, decompose. Since names are the same in capitals and small letters, each is looked at
as it is written and in small letters: ``AI`` looks like ``Al``, ``ai`` does not. What stands between the words of a
name is easily overlooked, so it is no part of its skeleton: ``pay.pal`` looks like ``paypal``.
"""

from __future__ import annotations

import functools
import unicodedata

from game.accounts.confusables import CONFUSABLE
from game.accounts.names import SEPARATORS

_WITHOUT_SEPARATORS = str.maketrans("", "", SEPARATORS)
_DIGITS_AS_LETTERS = str.maketrans("0123456789", "olzeasgtbg")


def skeletons(name: str) -> tuple[str, ...]:
    """One or two skeletons of a name; names that are the same but for case and composition have one in common, and so
    have those that differ in what stands between their words.
    """
    looks = _prototypes()
    name = name.translate(_WITHOUT_SEPARATORS)
    if name.isascii():
        written = name.translate(looks).casefold().translate(looks)
        small = name.casefold().translate(looks)
    else:
        same = unicodedata.normalize("NFKC", name)
        written = _looks_like(_looks_like(same).casefold())
        small = _looks_like(same.casefold())
    return (small,) if small == written else (small, written)


def passes_for(name: str, reserved: str) -> bool:
    """Whether a name could be taken for a reserved one: it looks alike, also with digits and accents in place of
    letters. For a few names alone: among the names of people "ada3" and "adae", "Zoe" and "Zoë" are two.
    """
    return not _bare_skeletons(name).isdisjoint(_bare_skeletons(reserved))


def _bare_skeletons(name: str) -> set[str]:
    """Skeletons without accents, with a letter in place of each digit."""
    plain = (
        "".join(c for c in unicodedata.normalize("NFD", look) if not unicodedata.category(c).startswith("M"))
        for look in (*skeletons(name), *skeletons(name.translate(_DIGITS_AS_LETTERS)))
    )
    return {look for one in plain for look in skeletons(one.translate(_DIGITS_AS_LETTERS))}


def _looks_like(text: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFKD", text).translate(_prototypes()))


@functools.cache
def _prototypes() -> dict[int, str]:
    """By character: what it looks like. Made when it is first needed, which is not while a server starts."""
    looks: dict[int, str] = {}
    for row in CONFUSABLE.split():
        seen, _, sources = row.partition(":")
        target = "".join(chr(int(part, 16)) for part in seen.split("+"))
        looks.update((int(source, 16), target) for source in sources.split(","))
    return looks
