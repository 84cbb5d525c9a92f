"""A finished game, replayed move by move: from the game archive or from an exported file."""

from __future__ import annotations

from client.desktop.model.room.board_scene import Scene, scene_of
from client.desktop.model.room.stepping import Steps
from client.game_archive import Change, Played, as_json, from_json
from client.texts import records as texts
from client.texts.game_text import as_text
from game.forms.records import GameRecord


class Replay:
    """The game on screen. It starts at the last position."""

    def __init__(self, record: GameRecord, changes: dict[str, Change] | None = None) -> None:
        """``changes``: the game's rating changes, by username."""
        self.record = record
        self.steps = Steps()
        self.steps.to_end(len(record.moves))
        self._changes = changes or {}

    @classmethod
    def of(cls, played: Played) -> Replay:
        """Return the replay of a game in the game archive."""
        return cls(played.record, dict(played.changes))

    @classmethod
    def imported(cls, text: str) -> Replay:
        """Return the replay of an exported game. Raises a Refusal for other text."""
        return cls(from_json(text))

    @property
    def title(self) -> str:
        """Who played."""
        return texts.players(self.record)

    @property
    def terms(self) -> str:
        """The date and the terms of the game."""
        return texts.terms(self.record)

    @property
    def ending(self) -> str:
        """How the game ended, and the rating changes."""
        return texts.ending_with_ratings(self.record, self._changes)

    @property
    def file_name(self) -> str:
        """The suggested name for a file, without its ending."""
        return f"tictactoe-{self.record.room}-{self.record.number}"

    def scene(self) -> Scene:
        """Return the board to draw."""
        return scene_of(self.record.options, self.record.moves, self.steps.shown)

    def exported(self, *, as_what: str) -> str:
        """Return the game as text: "json" for an import, or "txt" for people."""
        return as_text(self.record) if as_what == "txt" else as_json(self.record)
