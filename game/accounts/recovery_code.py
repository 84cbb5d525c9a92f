"""Recovery codes: with a code, a person gets a name back on another machine. Pure: the random number is an argument.

A code is 20 characters of Crockford's Base32 (100 bits). It has no I, L, O and U; I and L are read as 1, O as 0. See
Crockford, "Base 32" (2019).
"""

from __future__ import annotations

from game.errors import InvalidArgument, require

BITS = 100
LONGEST_WRITTEN = 64
"""The most characters of a code as people write it, with spaces and hyphens."""
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 20
_GROUP = 5
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def code_from(number: int) -> str:
    """Return the code of a number of BITS random bits, in groups."""
    signs = "".join(_SIGNS[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
    return "-".join(signs[first : first + _GROUP] for first in range(0, _LENGTH, _GROUP))


def check_code(value: object) -> str:
    """Return the code in normal form, without separators and in capital letters. Raises InvalidArgument."""
    if not isinstance(value, str) or len(value) > LONGEST_WRITTEN or not value.isascii():
        raise InvalidArgument("a recovery code has 20 letters and digits")
    code = value.upper().translate(_READ_AS)
    require(len(code) == _LENGTH and set(code) <= set(_SIGNS), "a recovery code has 20 letters and digits")
    return code
