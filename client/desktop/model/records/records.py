"""Leaderboard, players and games: the open page, the shown game, and import and export of games."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from client.cluster import Cluster
from client.desktop.model.base.background import Background
from client.desktop.model.records.archive import ArchiveModel
from client.desktop.model.records.leaderboard import LeaderboardModel
from client.desktop.model.records.replay import Replay
from client.game_archive import Played, from_json
from client.texts import records as texts
from game.errors import InvalidArgument, Refusal

Page = Literal["leaderboard", "games"]
LARGEST_FILE = 1_000_000


class RecordsModel:
    """The pages of the game archive, for a person."""

    def __init__(self, cluster: Cluster, me: str, background: Background, *, closed: Callable[[], None]) -> None:
        """``closed`` is called when the user returns to the lobby."""
        self.me = me
        self.page: Page = "leaderboard"
        self.leaderboard = LeaderboardModel(cluster, background)
        self.archive = ArchiveModel(cluster, background)
        # The shown game; None while a list is shown.
        self.replay: Replay | None = None
        self.message = ""
        self._closed = closed

    def show_leaderboard(self) -> None:
        """Show the leaderboard, loaded again."""
        self.page, self.replay, self.message = "leaderboard", None, ""
        self.leaderboard.show(bots=self.leaderboard.bots)

    def show_games(self, name: str = "") -> None:
        """Show the games of a player, or of everybody if the name is empty."""
        self.page, self.replay, self.message = "games", None, ""
        self.archive.show(name)

    def open(self, played: Played) -> None:
        """Show a game."""
        self.replay, self.message = Replay(played.record, played.changes), ""

    @property
    def status(self) -> str:
        """The text below the page."""
        lists_games = self.page == "games" and self.replay is None
        return self.message or (self.archive.left_out if lists_games else "")

    def import_from(self, file: Path) -> None:
        """Show a game that was exported as JSON."""
        try:
            self.replay, self.message = Replay(from_json(read_text(file, most_bytes=LARGEST_FILE))), ""
        except Refusal as refusal:
            self.message = texts.not_imported(shown(file.name), refusal.message)

    def export_to(self, file: Path) -> None:
        """Write the shown game to a file: as readable text if the file's name ends in .txt, otherwise as JSON."""
        if self.replay is None:
            return
        try:
            file.write_text(self.replay.exported(as_what=file.suffix.lstrip(".")), encoding="utf-8")
            self.message = texts.saved(shown(file))
        except OSError as error:
            self.message = texts.not_saved(shown(file), error.strerror or error)

    def back(self) -> None:
        """Step back: from a game to the list, from a list to the lobby."""
        if self.replay is not None:
            self.replay, self.message = None, ""
        else:
            self.close()

    def close(self) -> None:
        """Return to the lobby."""
        self.leaderboard.stop()
        self.archive.stop()
        self._closed()


def read_text(file: Path, *, most_bytes: int) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark.

    Raises InvalidArgument with the reason if the file cannot be read: it is missing, forbidden, too large, or not text.
    Only regular files are opened, because a read from a pipe or a device might never end.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise InvalidArgument("it is no file")
        with file.open("rb") as opened:
            data = opened.read(most_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: the name has a NUL character
        raise InvalidArgument(f"it cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > most_bytes:
        raise InvalidArgument(f"it is larger than {most_bytes} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidArgument("it is no text in UTF-8") from None


def shown(name: Path | str) -> str:
    """Return a file's name for display. Characters that are not valid text become question marks."""
    return str(name).encode("utf-8", "replace").decode()
