"""A finished game, replayed move by move: from the game archive or from an exported file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from client.desktop.model.room.board_scene import Scene, scene_of
from client.desktop.model.room.stepping import Steps
from client.game_archive import Change, as_json
from client.texts.game_text import as_text
from game.forms.records import GameRecord


class Replay:
    """The game on screen. It starts at the last position."""

    def __init__(self, record: GameRecord, changes: Mapping[str, Change] = MappingProxyType({})) -> None:
        """``changes``: the game's rating changes, by username."""
        self.record = record
        self.changes = changes
        self.steps = Steps()
        self.steps.to_end(len(record.moves))

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
