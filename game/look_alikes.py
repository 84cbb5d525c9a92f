"""What a name looks like: two that are easily taken for one another have a skeleton in common. Pure.

The skeleton is that of UTS #39 (Unicode Security Mechanisms, "Confusable Detection"): decompose, put what each
character looks like in its place, decompose. Since names are the same in capitals and small letters, each is looked at
as it is written and in small letters: ``AI`` looks like ``Al``, ``ai`` does not.
"""

from __future__ import annotations

import functools
import unicodedata

from game.confusables import CONFUSABLE


def skeletons(name: str) -> tuple[str, ...]:
    """One or two skeletons of a name; names that are the same but for case and composition have one in common."""
    looks = _prototypes()
    if name.isascii():
        written = name.translate(looks).casefold().translate(looks)
        small = name.casefold().translate(looks)
    else:
        same = unicodedata.normalize("NFKC", name)
        written = _looks_like(_looks_like(same).casefold())
        small = _looks_like(same.casefold())
    return (small,) if small == written else (small, written)


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
