"""Who is online: usernames whose clients reported lately. Pure. The front door keeps it in memory only.

Nothing depends on it, so it is not stored. After a restart all users are back within ``REPORT_EVERY_S``.
"""

from __future__ import annotations

from collections import OrderedDict

REPORT_EVERY_S = 5.0
"""How often the client of an online user reports, in seconds."""
GONE_AFTER_S = 2.5 * REPORT_EVERY_S
SHOWN = 200


class Presence:
    """Names by the time of their last report."""

    def __init__(self, most: int) -> None:
        """``most``: names stored. The name with the oldest report is dropped first."""
        self._most = most
        # name -> (token hash, time of last report); the latest last
        self._reports: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._confirmed_at: dict[str, float] = {}  # name -> when the main server last confirmed its token

    def is_known(self, name: str, token_hash: str, now: float) -> bool:
        """Return whether that name is online with that token, so that it needs no confirmation."""
        self._forget(now)
        return self._reports.get(name, ("", 0.0))[0] == token_hash

    def needs_confirmation(self, name: str, now: float, every_s: float) -> bool:
        """Return whether the main server has to confirm the name again: the last time is ``every_s`` ago or more."""
        return now - self._confirmed_at.get(name, -every_s) >= every_s

    def confirmed(self, name: str, token_hash: str, now: float) -> None:
        """Record a report with a token that the main server has just confirmed."""
        self.reported(name, token_hash, now)
        self._confirmed_at[name] = now

    def reported(self, name: str, token_hash: str, now: float) -> None:
        """Record a report with a token that was confirmed before."""
        self._reports[name] = (token_hash, now)
        self._reports.move_to_end(name)
        if len(self._reports) > self._most:
            self.remove(next(iter(self._reports)))

    def remove(self, name: str) -> None:
        """Remove a name: its user is offline, or it has another token now."""
        self._reports.pop(name, None)
        self._confirmed_at.pop(name, None)

    def names(self, now: float) -> list[str]:
        """Return who is online, in alphabetical order."""
        self._forget(now)
        return sorted(self._reports, key=str.casefold)

    def _forget(self, now: float) -> None:
        while self._reports:
            name, (_, reported_at) = next(iter(self._reports.items()))
            if now - reported_at <= GONE_AFTER_S:
                break
            self.remove(name)
