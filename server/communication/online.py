"""Who is online, at the front door: the shell around ``presence``, which has a name proven by the main server.

The main server hears of it again now and then, so that the name stays its owner's; not every time, and whoever is known
stays online while it is being replaced.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from game.accounts.names import check_name
from server.communication.presence import Presence
from wire.errors import NotReady

PROVEN_AGAIN_S = 60.0
"""How often the main server hears of somebody online, at the least."""


class Online:
    """The usernames that are online. Safe for threads; its lock is not held while the main server is asked."""

    def __init__(self, ask_main: Callable[..., Any], *, most: int, name_grace_s: float) -> None:
        """``most``: names remembered. ``name_grace_s``: after so long unheard of a name may be free again."""
        self._ask_main = ask_main
        self._proven_again_s = min(PROVEN_AGAIN_S, name_grace_s / 4)
        self._presence = Presence(most)
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Who is online, in the order of the alphabet."""
        with self._lock:
            return self._presence.names(time.monotonic())

    def hear(self, name: str, token_hash: str, host: str = "") -> None:
        """Somebody at a host says to be online. Raises what the main server answers to who does not own the name, and
        NotReady.
        """
        with self._lock:
            now = time.monotonic()
            known = self._presence.knows(name, token_hash, now)
            due = self._presence.due(name, now, self._proven_again_s)
        proven = None
        if due or not known:
            try:
                proven = str(self._ask_main("claim", check_name(name), token_hash, host)["name"])
            except NotReady:
                if not known:
                    raise
        with self._lock:
            if proven is None:
                self._presence.heard(name, token_hash, time.monotonic())
            else:
                self._presence.proven(proven, token_hash, time.monotonic())

    def forget(self, name: str) -> None:
        """The name has another token now; it is online when that one is heard."""
        with self._lock:
            self._presence.gone(name)
