"""How many matches the house bot plays at once: in all, and with people of one host."""

from __future__ import annotations

from typing import NamedTuple

from game.errors import LimitReached
from server.communication.lobby_follower import LobbyFollower
from server.rooms.ids import HOUSE_BOT
from wire.errors import Busy


class BotLimits(NamedTuple):
    """The most matches of the house bot: in all, and with people of one host."""

    most: int
    most_of_host: int


class BotMatches:
    """The house bot's running matches and their limits."""

    def __init__(self, lobby: LobbyFollower, limits: BotLimits) -> None:
        self._lobby = lobby
        self._limits = limits
        self._hosts: dict[str, str] = {}  # rooms of the bot's matches -> the other player's host

    def may_begin(self) -> bool:
        """Return whether the bot plays fewer than its most matches."""
        return len(self._lobby.matches_of(HOUSE_BOT)) < self._limits.most

    def check_may_begin(self, host: str) -> None:
        """Raise Busy when the bot plays its most matches, LimitReached when its most with people of that host."""
        if not self.may_begin():
            raise Busy(f"the house bot plays {self._limits.most} matches, the most that it may (MAX_BOT_MATCHES)")
        running = set(self._lobby.matches_of(HOUSE_BOT))
        self._hosts = {room: where for room, where in self._hosts.items() if room in running}
        here = sum(where == host for where in self._hosts.values())
        if host and here >= self._limits.most_of_host:
            raise LimitReached(
                f"the house bot plays {here} matches with people of your address, the most that it may"
                " (MAX_BOT_MATCHES_PER_HOST)"
            )

    def add(self, room: str, host: str) -> None:
        """Record the host of the person with whom the bot plays in that room."""
        self._hosts[room] = host
