"""The game archive: finished games, the latest first, of everybody or of a player with that player's results."""

from __future__ import annotations

from client.cluster import Cluster
from client.desktop.model.base.background import Background
from client.desktop.model.base.loading import Loading
from client.game_archive import Games, PlayerPage
from client.texts import records as texts


class ArchiveModel:
    """A page of the archive. ``name``: the player; empty for all games."""

    def __init__(self, cluster: Cluster, background: Background) -> None:
        self.name = ""
        self.games: Loading[Games] = Loading(background)
        self.page: Loading[PlayerPage] = Loading(background)
        self._cluster = cluster

    def show(self, name: str = "") -> None:
        """Show that player's page, or all games if the name is empty."""
        self.name = name
        self.games.value = self.page.value = None
        self.page.stop()
        if name:
            self.page.load(lambda: self._cluster.player_page(name))
        self.games.load(lambda: self._cluster.games(name=name))

    def show_earlier(self) -> None:
        """Add the games before those that are shown."""
        shown = self.games.value
        if shown is None or not shown.earlier:
            return
        name, before = self.name, shown.earlier

        def merge(more: Games) -> Games:
            return Games((*shown.games, *more.games), more.earlier, shown.unreadable + more.unreadable)

        self.games.load(lambda: self._cluster.games(name=name, before=before), merge=merge)

    @property
    def has_earlier(self) -> bool:
        """Whether there are games before those that are shown."""
        return self.games.value is not None and bool(self.games.value.earlier)

    @property
    def results(self) -> str:
        """The player's results, among people and with bots; empty on the page of all games."""
        page = self.page.value
        if not self.name or page is None:
            return self.page.message if self.name else ""
        return texts.results(page.among_people, page.with_bots)

    @property
    def hint(self) -> str:
        """The text to show instead of a list."""
        if self.games.message:
            return self.games.message
        if self.games.value is not None and self.games.value.games:
            return ""
        return texts.NO_GAME

    @property
    def left_out(self) -> str:
        """The number of games left out because they cannot have been played, as a text; empty if there are none."""
        return "" if self.games.value is None else texts.left_out(self.games.value.unreadable)

    def stop(self) -> None:
        """Stop the background work."""
        self.games.stop()
        self.page.stop()
