"""The players of the highest rating, among people or among bots."""

from __future__ import annotations

from client.cluster import Cluster
from client.desktop.model.base.background import Background
from client.desktop.model.base.loading import Loading
from client.game_archive import RatingEntry


class LeaderboardModel:
    """One of the two lists."""

    def __init__(self, cluster: Cluster, background: Background) -> None:
        self.bots = False
        self.standings: Loading[list[RatingEntry]] = Loading(background)
        self._cluster = cluster
        self.show(bots=False)

    def show(self, *, bots: bool) -> None:
        """Show people or bots."""
        self.bots = bots
        self.standings.ask(lambda: self._cluster.leaderboard(bots=bots))

    @property
    def hint(self) -> str:
        """What to say instead of a list."""
        if self.standings.message or self.standings.value:
            return self.standings.message
        return "No rated game has been played yet: press Play now." if not self.bots else "No bot has played yet."

    def stop(self) -> None:
        """Want nothing more of it."""
        self.standings.stop()


def standing_text(standing: RatingEntry | None) -> str:
    """A rating with what is behind it: "1526 ± 180, 4 won, 1 drawn, 2 lost"."""
    if standing is None:
        return "no rated game yet"
    results = f"{standing.wins} won, {standing.draws} drawn, {standing.losses} lost"
    return f"{standing.rating} ± {standing.deviation}, {results}"
