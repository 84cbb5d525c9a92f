"""A finished game, looked at move by move: one of the book, or one that somebody exported."""

from __future__ import annotations

from client.desktop.model.base.words import board_size, called_in, clock, series
from client.desktop.model.room.board_scene import Scene, scene_of
from client.desktop.model.room.stepping import Steps
from client.game_archive import Change, Played, as_json, from_json
from client.game_text import as_text, date_text, ending
from game.forms.records import GameRecord


class Replay:
    """The game on screen, from its last position on."""

    def __init__(self, record: GameRecord, changes: dict[str, Change] | None = None) -> None:
        """``changes``: what it did to the ratings, by name."""
        self.record = record
        self.steps = Steps()
        self.steps.to_end(len(record.moves))
        self._changes = changes or {}

    @classmethod
    def of(cls, played: Played) -> Replay:
        """A game of the book."""
        return cls(played.record, dict(played.changes))

    @classmethod
    def imported(cls, text: str) -> Replay:
        """A game that was exported. Raises a Refusal for anything else."""
        return cls(from_json(text))

    @property
    def title(self) -> str:
        """Who played."""
        return players_text(self.record)

    @property
    def terms(self) -> str:
        """When and what was played."""
        parts = [date_text(self.record), board_size(self.record.options), series(self.record.best_of)]
        parts += [] if self.record.clock == "none" else [clock(self.record.clock)]
        return " · ".join(part for part in parts if part)

    @property
    def ending(self) -> str:
        """How it ended, and what it did to the ratings."""
        changes = [f"{name} {change.before} → {change.after}" for name, change in self._changes.items()]
        return "  ·  ".join([ending(self.record), *changes])

    @property
    def file_name(self) -> str:
        """What to call a file with it."""
        return f"tictactoe-{self.record.room}-{self.record.number}"

    def scene(self) -> Scene:
        """The board to draw."""
        return scene_of(self.record.options, self.record.moves, self.steps.shown)

    def exported(self, *, as_what: str) -> str:
        """The game as text: "json", which can be imported, or "txt", which people read."""
        return as_text(self.record) if as_what == "txt" else as_json(self.record)


def players_text(record: GameRecord) -> str:
    """Who played, X first; of bots it is said that they are."""
    return " – ".join(called_in(record.bots, record.seats[seat]) for seat in ("X", "O"))
