"""Which names can be claimed anew. Pure.

``names.check_name`` is the shape of every name that there is or was. What is refused here on top of it was allowed
once: a name that somebody has stays theirs, whatever it is made of.

The rules are those of PRECIS for usernames (RFC 8265), word by word, by the library ``precis_i18n``; and of UTS #39
(Unicode Security Mechanisms, "Optional Detection") for marks that pile up on one letter.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import TYPE_CHECKING

from game.accounts.names import SEPARATORS, check_name
from game.errors import InvalidArgument
from game.free_text import piles_up

if TYPE_CHECKING:
    from precis_i18n.profile import Profile

_SENTENCES = {
    "bidi_rule": "a word of a name cannot have letters that run to the right and letters that run to the left",
}


def check_new_name(value: object) -> str:
    """The name as it is claimed: in its compatibility form (NFKC), so that letters in other widths and shapes become
    plain ones. Raises InvalidArgument for what cannot be claimed anew.
    """
    name = check_name(unicodedata.normalize("NFKC", check_name(value)))
    if piles_up(name):
        raise InvalidArgument("a letter of a name has at most 4 marks, and none of them twice")
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
    from precis_i18n import get_profile  # takes 14 ms of a start that has no time for it

    return get_profile("UsernameCasePreserved")
