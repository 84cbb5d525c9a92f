"""The players with the highest ratings, among people or among bots."""

from __future__ import annotations

from client.cluster import Cluster
from client.desktop.model.base.background import Background
from client.desktop.model.base.loading import Loading
from client.game_archive import RatingEntry
from client.texts.records import NO_BOT, NO_RATED_GAME


class LeaderboardModel:
    """The list of people or the list of bots."""

    def __init__(self, cluster: Cluster, background: Background) -> None:
        self.bots = False
        self.entries: Loading[list[RatingEntry]] = Loading(background)
        self._cluster = cluster
        self.show(bots=False)

    def show(self, *, bots: bool) -> None:
        """Load the list of people or of bots."""
        self.bots = bots
        self.entries.load(lambda: self._cluster.leaderboard(bots=bots))

    @property
    def hint(self) -> str:
        """The text to show instead of a list."""
        if self.entries.message or self.entries.value:
            return self.entries.message
        return NO_BOT if self.bots else NO_RATED_GAME

    def stop(self) -> None:
        """Stop the background work."""
        self.entries.stop()
