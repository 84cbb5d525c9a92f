"""The users online, at the front door: the shell around ``presence``, with a clock and the main server.

The main server confirms that a token owns a name. It confirms it again now and then, not at each report, so that the
owner counts as active there. A known user stays online while the main server is being replaced.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from game.accounts.names import check_name
from server.communication.presence import Presence
from server.runtime.effects import Effects, RemoteCall
from wire.errors import NotReady

CONFIRM_EVERY_S = 60.0
"""The longest time between two confirmations of an online name by the main server."""


class Online:
    """The usernames that are online."""

    def __init__(self, *, most: int, name_grace_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``most``: names stored. ``name_grace_s``: after this time without activity, a name may be released."""
        self._confirm_every_s = min(CONFIRM_EVERY_S, name_grace_s / 4)
        self._presence = Presence(most)
        self._clock = clock

    def names(self) -> list[str]:
        """Return who is online, in alphabetical order."""
        return self._presence.names(self._clock())

    def report(self, name: str, token_hash: str, host: str = "") -> Effects[None]:
        """Record that the user at that host is online.

        Raises NotReady, and the error of the main server if the token does not own the name.
        """
        now = self._clock()
        known = self._presence.is_known(name, token_hash, now)
        if known and not self._presence.needs_confirmation(name, now, self._confirm_every_s):
            self._presence.reported(name, token_hash, now)
            return
        try:
            answer = yield RemoteCall("claim", (check_name(name), token_hash, host))
        except NotReady:
            if not known:
                raise
            self._presence.reported(name, token_hash, self._clock())
        else:
            self._presence.confirmed(str(answer["name"]), token_hash, self._clock())

    def forget(self, name: str) -> None:
        """Remove a name that has another token now. It is online again after a report with that token."""
        self._presence.remove(name)
