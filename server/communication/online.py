"""Who is online, at the front door: the thread-safe shell around ``presence``.

The main server confirms that a token owns a name. It confirms it again now and then, not at each report, so that the
owner counts as active there. A known user stays online while the main server is being replaced.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from game.accounts.names import check_name
from server.communication.presence import Presence
from wire.errors import NotReady

CONFIRM_EVERY_S = 60.0
"""The longest time between two confirmations of an online name by the main server."""


class Online:
    """The usernames that are online. Thread-safe. Its lock is not held during a call to the main server."""

    def __init__(self, call_main: Callable[..., Any], *, most: int, name_grace_s: float) -> None:
        """``most``: names stored. ``name_grace_s``: after this time without activity, a name may be released."""
        self._call_main = call_main
        self._confirm_every_s = min(CONFIRM_EVERY_S, name_grace_s / 4)
        self._presence = Presence(most)
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Return who is online, in alphabetical order."""
        with self._lock:
            return self._presence.names(time.monotonic())

    def report(self, name: str, token_hash: str, host: str = "") -> None:
        """Record that the user at that host is online.

        Raises NotReady, and the error of the main server if the token does not own the name.
        """
        with self._lock:
            now = time.monotonic()
            known = self._presence.is_known(name, token_hash, now)
            due = self._presence.needs_confirmation(name, now, self._confirm_every_s)
        confirmed = None
        if due or not known:
            try:
                confirmed = str(self._call_main("claim", check_name(name), token_hash, host)["name"])
            except NotReady:
                if not known:
                    raise
        with self._lock:
            if confirmed is None:
                self._presence.reported(name, token_hash, time.monotonic())
            else:
                self._presence.confirmed(confirmed, token_hash, time.monotonic())

    def forget(self, name: str) -> None:
        """Remove a name that has another token now. It is online again after a report with that token."""
        with self._lock:
            self._presence.remove(name)
