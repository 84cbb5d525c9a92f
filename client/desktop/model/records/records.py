"""Leaderboard, players and games: which page is open, the game that is looked at, and games from and to files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from client.cluster import Cluster
from client.desktop.model.base.background import Background
from client.desktop.model.base.files import read_text, shown
from client.desktop.model.base.words import sentence
from client.desktop.model.records.archive import ArchiveModel
from client.desktop.model.records.leaderboard import LeaderboardModel
from client.desktop.model.records.replay import Replay
from client.game_archive import Played
from game.errors import Refusal

Page = Literal["leaderboard", "games"]
LARGEST_FILE = 1_000_000


class RecordsModel:
    """What the book of records has, for one person."""

    def __init__(self, cluster: Cluster, me: str, background: Background, *, closed: Callable[[], None]) -> None:
        """``closed`` is called when one goes back to the lobby."""
        self.me = me
        self.page: Page = "leaderboard"
        self.leaderboard = LeaderboardModel(cluster, background)
        self.archive = ArchiveModel(cluster, background)
        self.replay: Replay | None = None
        self.message = ""
        self._closed = closed

    def show_leaderboard(self) -> None:
        """The players, as they stand now."""
        self.page, self.replay, self.message = "leaderboard", None, ""
        self.leaderboard.show(bots=self.leaderboard.bots)

    def show_games(self, name: str = "") -> None:
        """The games of a player, or of all."""
        self.page, self.replay, self.message = "games", None, ""
        self.archive.show(name)

    def open(self, played: Played) -> None:
        """Look at a game."""
        self.replay, self.message = Replay.of(played), ""

    @property
    def words(self) -> str:
        """What stands below the page."""
        lists_games = self.page == "games" and self.replay is None
        return self.message or (self.archive.left_out if lists_games else "")

    def import_from(self, file: Path) -> None:
        """Look at a game that was exported as JSON."""
        try:
            self.replay, self.message = Replay.imported(read_text(file, most_bytes=LARGEST_FILE)), ""
        except Refusal as refusal:
            self.message = f"{shown(file.name)} is no game that can be shown: {sentence(refusal.message)}"

    def export_to(self, file: Path) -> None:
        """Write the game that is looked at: as readable text if the file's name ends in .txt, else as JSON."""
        if self.replay is None:
            return
        try:
            file.write_text(self.replay.exported(as_what=file.suffix.lstrip(".")), encoding="utf-8")
            self.message = f"Written to {shown(file)}."
        except OSError as error:
            self.message = f"{shown(file)} cannot be written: {error.strerror or error}."

    def back(self) -> None:
        """One step back: from a game to the list, from a list to the lobby."""
        if self.replay is not None:
            self.replay, self.message = None, ""
        else:
            self.close()

    def close(self) -> None:
        """To the lobby."""
        self.leaderboard.stop()
        self.archive.stop()
        self._closed()
