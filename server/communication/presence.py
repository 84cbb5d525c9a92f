"""Who is online: usernames whose windows said so lately. Pure; the front door keeps one, in memory alone.

Nothing depends on it, so nothing is written down: after a restart everybody is back within one ``SAY_AGAIN_S``.
"""

from __future__ import annotations

SAY_AGAIN_S = 5.0
"""How often somebody online says so."""
GONE_AFTER_S = 2.5 * SAY_AGAIN_S
SHOWN = 200


class Presence:
    """Names by when they were last heard. Not safe for threads: the shell holds a lock."""

    def __init__(self, most: int) -> None:
        """``most``: so many names are remembered; who was heard longest ago is forgotten first."""
        self._most = most
        self._heard: dict[str, tuple[str, float]] = {}  # name -> token's hash, when; the latest last
        self._proven: dict[str, float] = {}  # name -> when it was last proven to be that token's

    def knows(self, name: str, token_hash: str, now: float) -> bool:
        """Whether that name is online with that token, so that it need not be proven again."""
        self._forget(now)
        return self._heard.get(name, ("", 0.0))[0] == token_hash

    def due(self, name: str, now: float, every_s: float) -> bool:
        """Whether it was proven so long ago that it is time to do so again, and to let the main server know."""
        return now - self._proven.get(name, -every_s) >= every_s

    def proven(self, name: str, token_hash: str, now: float) -> None:
        """Somebody who owns the name, as was found now, is online."""
        self.heard(name, token_hash, now)
        self._proven[name] = now

    def heard(self, name: str, token_hash: str, now: float) -> None:
        """Somebody who has proven to own the name is online."""
        self._heard.pop(name, None)
        self._heard[name] = (token_hash, now)
        if len(self._heard) > self._most:
            self.gone(next(iter(self._heard)))

    def gone(self, name: str) -> None:
        """The name is nobody's who is online, or another's now."""
        self._heard.pop(name, None)
        self._proven.pop(name, None)

    def names(self, now: float) -> list[str]:
        """Who is online, in the order of the alphabet."""
        self._forget(now)
        return sorted(self._heard, key=str.casefold)

    def _forget(self, now: float) -> None:
        for name, (_, heard_at) in list(self._heard.items()):
            if now - heard_at <= GONE_AFTER_S:
                break
            self.gone(name)
