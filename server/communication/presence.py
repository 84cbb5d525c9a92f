"""Who is online: usernames whose clients reported lately. Pure. The front door keeps it in memory only.

Nothing depends on it, so it is not stored. After a restart all users are back within ``SAY_AGAIN_S``.
"""

from __future__ import annotations

SAY_AGAIN_S = 5.0
"""How often the client of an online user reports, in seconds."""
GONE_AFTER_S = 2.5 * SAY_AGAIN_S
SHOWN = 200


class Presence:
    """Names by the time of their last report. Not thread-safe: the caller holds a lock."""

    def __init__(self, most: int) -> None:
        """``most``: names stored. The name with the oldest report is dropped first."""
        self._most = most
        self._heard: dict[str, tuple[str, float]] = {}  # name -> (token hash, time of last report); the latest last
        self._proven: dict[str, float] = {}  # name -> when the main server last confirmed its token

    def knows(self, name: str, token_hash: str, now: float) -> bool:
        """Return whether that name is online with that token, so that it needs no confirmation."""
        self._forget(now)
        return self._heard.get(name, ("", 0.0))[0] == token_hash

    def due(self, name: str, now: float, every_s: float) -> bool:
        """Return whether the main server has to confirm the name again: the last time is ``every_s`` ago or more."""
        return now - self._proven.get(name, -every_s) >= every_s

    def proven(self, name: str, token_hash: str, now: float) -> None:
        """Record a report with a token that the main server has just confirmed."""
        self.heard(name, token_hash, now)
        self._proven[name] = now

    def heard(self, name: str, token_hash: str, now: float) -> None:
        """Record a report with a token that was confirmed before."""
        self._heard.pop(name, None)
        self._heard[name] = (token_hash, now)
        if len(self._heard) > self._most:
            self.gone(next(iter(self._heard)))

    def gone(self, name: str) -> None:
        """Remove a name: its user is offline, or it has another token now."""
        self._heard.pop(name, None)
        self._proven.pop(name, None)

    def names(self, now: float) -> list[str]:
        """Return who is online, in alphabetical order."""
        self._forget(now)
        return sorted(self._heard, key=str.casefold)

    def _forget(self, now: float) -> None:
        for name, (_, heard_at) in list(self._heard.items()):
            if now - heard_at <= GONE_AFTER_S:
                break
            self.gone(name)
