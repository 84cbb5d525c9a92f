"""Lookalikes: two names that people take for one another have a skeleton in common. Pure.

The skeleton is that of UTS #39 (Unicode Security Mechanisms, "Confusable Detection"). It decomposes the name, replaces
each character by its prototype, and decomposes again. Case does not distinguish names, so each name is compared as
written and in small letters: ``AI`` looks like ``Al``, ``ai`` does not. Separators are easily overlooked, so a skeleton
has none: ``pay.pal`` looks like ``paypal``.
"""

from __future__ import annotations

import functools
import unicodedata

from game.accounts.confusables import CONFUSABLE
from game.accounts.names import SEPARATORS

_WITHOUT_SEPARATORS = str.maketrans("", "", SEPARATORS)
_DIGITS_AS_LETTERS = str.maketrans("0123456789", "olzeasgtbg")


def skeletons(name: str) -> tuple[str, ...]:
    """Return one or two skeletons of a name.

    Names that differ only in case, composition or separators have a skeleton in common.
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
    """Return whether a name could be taken for a reserved system name, also with digits or accents in place of letters.

    This is too strict for people's names: "ada3" and "adae", or "Zoe" and "Zoë", are different people.
    """
    return not _bare_skeletons(name).isdisjoint(_bare_skeletons(reserved))


def _bare_skeletons(name: str) -> set[str]:
    """Return the skeletons without accents, with a letter in place of each digit."""
    plain = (
        "".join(c for c in unicodedata.normalize("NFD", look) if not unicodedata.category(c).startswith("M"))
        for look in (*skeletons(name), *skeletons(name.translate(_DIGITS_AS_LETTERS)))
    )
    return {look for one in plain for look in skeletons(one.translate(_DIGITS_AS_LETTERS))}


def _looks_like(text: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFKD", text).translate(_prototypes()))


@functools.cache
def _prototypes() -> dict[int, str]:
    """Return the prototype of each character. Computed at the first use, to keep a server's start short."""
    looks: dict[int, str] = {}
    for row in CONFUSABLE.split():
        seen, _, sources = row.partition(":")
        target = "".join(chr(int(part, 16)) for part in seen.split("+"))
        looks.update((int(source, 16), target) for source in sources.split(","))
    return looks
