"""A cache of token owners, so that repeated calls of waiting clients do not cost the main server a call each."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from server.runtime.effects import Effects, RemoteCall

VALID_S = 10.0
MOST = 20_000


class TokenCache:
    """Usernames by the hashes of their tokens."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # token hash -> (username, valid until); the oldest first, at most ``MOST``
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def name_with(self, token_hash: str) -> Effects[str]:
        """Return the username of a token. It is at most ``VALID_S`` old. Raises BadToken."""
        name, until = self._known.get(token_hash, ("", 0.0))
        now = self._clock()
        if now < until:
            return name
        name = str((yield RemoteCall("who_has", (token_hash,))))
        self._known.pop(token_hash, None)
        self._known[token_hash] = (name, now + VALID_S)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return name
