"""Rules for new usernames. Pure.

``names.check_name`` accepts every name that exists or existed. The further rules here are newer than some names: an
existing name stays its owner's, whatever its characters.

The rules are PRECIS for usernames (RFC 8265), applied to each word by the library ``precis_i18n``. Marks that pile up
on one letter are limited by UTS #39 (Unicode Security Mechanisms, "Optional Detection").
"""

from __future__ import annotations

import functools
import unicodedata
from typing import TYPE_CHECKING

from game.accounts.names import SEPARATORS, check_name
from game.errors import InvalidArgument, require
from game.free_text import piles_up

if TYPE_CHECKING:
    from precis_i18n.profile import Profile

_SENTENCES = {
    "bidi_rule": "a word of a name cannot have letters that run to the right and letters that run to the left",
}


def check_new_name(value: object) -> str:
    """Return the name to be claimed, in compatibility form (NFKC). Raises InvalidArgument for a name that cannot be
    claimed.

    In this form, letters of other widths and shapes become plain letters.
    """
    name = check_name(unicodedata.normalize("NFKC", check_name(value)))
    require(not piles_up(name), "a letter of a name has at most 4 marks, and none of them twice")
    if not name.isascii():
        for word in name.translate(_TO_BLANKS).split():
            _check_word(word)
    return name


def _check_word(word: str) -> None:
    try:
        _profile().enforce(word)
    except UnicodeEncodeError as wrong:
        why = wrong.reason.rpartition("/")[2]
        sentence = f"{word[wrong.start : wrong.end]} cannot be in a name, or not at this place"
        raise InvalidArgument(_SENTENCES.get(why, sentence)) from None


_TO_BLANKS = str.maketrans(dict.fromkeys(SEPARATORS, " "))


@functools.cache
def _profile() -> Profile:
    from precis_i18n import get_profile  # the import takes 14 ms, which would slow the start

    return get_profile("UsernameCasePreserved")
