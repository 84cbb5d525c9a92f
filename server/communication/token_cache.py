"""A cache of token owners, so that repeated calls of waiting clients do not cost the main server a call each."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

VALID_S = 10.0
MOST = 20_000


class TokenCache:
    """Usernames by the hashes of their tokens. Thread-safe."""

    def __init__(self, fetch: Callable[[str], str], clock: Callable[[], float] = time.monotonic) -> None:
        """``fetch``: returns the username of a token hash from the main server, or raises BadToken."""
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        # token hash -> (username, valid until); the oldest first, at most ``MOST``
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def name_with(self, token_hash: str) -> str:
        """Return the username of a token. It is at most ``VALID_S`` old. Raises BadToken."""
        with self._lock:
            name, until = self._known.get(token_hash, ("", 0.0))
        now = self._clock()
        if now < until:
            return name
        name = self._fetch(token_hash)
        with self._lock:
            self._known.pop(token_hash, None)
            self._known[token_hash] = (name, now + VALID_S)
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return name
