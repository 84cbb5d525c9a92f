"""Random bad values, and almost valid ones, as a careless or hostile caller sends them.

Equal seeds give equal values.
"""

from __future__ import annotations

import random

JUNK: tuple[object, ...] = (
    None,
    True,
    -1,
    1 << 70,
    -(1 << 63),
    1.5,
    float("nan"),
    float("-inf"),
    "",
    "\x00",
    "\x00" * 43,
    "x" * 5000,
    "\u202eadmin",
    "e\u0301" * 30,
    "😀" * 20,
    "../../etc/passwd",
    "'; DROP TABLE entries; --",
    "room/x",
    "%s%n{0}",
    b"\xff\xfe",
    [],
    ["x"] * 1000,
    [[[[[[[[[[]]]]]]]]]],
    {},
    {"a": {"b": [None]}},
    {"__class__": "Pyro4.core.Proxy", "state": ["PYRO:x@127.0.0.1:9", [], [], [], 0, "", "", 0]},
    {"__class__": "builtins.SystemExit", "__exception__": True, "args": [1]},
    {str(number): number for number in range(100)},
)

_LETTERS = "abcXYZ019_-é漢\u0301\u200b\u202e😀\n\t\x7f<>&\"'\\/."


def junk(rng: random.Random) -> object:
    """Return a random value that is rarely valid."""
    kind = rng.randrange(6)
    if kind == 0:
        return "".join(rng.choice(_LETTERS) for _ in range(rng.randrange(80)))
    if kind == 1:
        return rng.choice((-1, 1)) * rng.getrandbits(rng.choice((4, 31, 53, 62)))
    if kind == 2:  # noqa: PLR2004  # one case of six
        return nested(rng.choice(("list", "dict")), rng.randrange(60))
    return rng.choice(JUNK)


def nested(kind: str, depth: int) -> object:
    """Return lists nested in lists, or dictionaries in dictionaries."""
    value: object = 0
    for _ in range(depth):
        value = [value] if kind == "list" else {"k": value}
    return value


def wrong_text(rng: random.Random) -> str:
    """Return a text that is no valid token, request id or room id: of a wrong length, or with invalid characters."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    long = "".join(rng.choice(letters) for _ in range(rng.choice((0, 1, 3, 200))))
    return rng.choice((long, long + " ", "\n" + long[:10], long[:20] + "\x00", "\uff41" * 12))


def random_token(rng: random.Random) -> str:
    """Return a well-formed token that belongs to no user."""
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyzABCDEF0123456789_-") for _ in range(43))
