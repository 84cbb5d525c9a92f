"""Whose token it is, as the main server said lately: so that people who wait do not cost it a question each time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

BELIEVED_S = 10.0
MOST = 20_000


class TokenCache:
    """Usernames by the hashes of their tokens. Safe for threads."""

    def __init__(self, ask: Callable[[str], str], clock: Callable[[], float] = time.monotonic) -> None:
        """``ask`` asks the main server whose a token is, or raises BadToken."""
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def name_with(self, token_hash: str) -> str:
        """The username that belongs to a token, as it was within the last ``BELIEVED_S``. Raises BadToken."""
        with self._lock:
            name, until = self._known.get(token_hash, ("", 0.0))
        asked_at = self._clock()
        if asked_at < until:
            return name
        asked = self._ask(token_hash)
        with self._lock:
            self._known.pop(token_hash, None)
            self._known[token_hash] = (asked, asked_at + BELIEVED_S)
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return asked
