"""Texts of the leaderboard, the game archive and a game that is stepped through."""

from __future__ import annotations

from collections.abc import Mapping

from client.game_archive import Change, RatingEntry
from client.texts import games
from client.texts.game_text import date_text, ending
from client.texts.games import called_in
from client.texts.phrases import Caption, sentence
from game.forms.records import GameRecord

BACK = Caption("‹ Back", "One step back (Esc)")
LEADERBOARD = Caption("Leaderboard", "The best players")
GAMES = Caption("Games", "All finished games")
MINE = Caption("Mine", "Your results and games")
IMPORT = Caption("Import …", "Open a game that was exported as JSON")
IMPORT_TITLE = "Import a game"
EXPORT = Caption("Export …", "Save the game to a file: as JSON, which Import reads, or as readable text")
EXPORT_TITLE = "Export the game"
FILES = (("Game", "*.json"), ("Text", "*.txt"))

RANKING = ("#", "Player", "Rating", "Won", "Drawn", "Lost")
SHOW_BOTS = Caption("Show bots", "Games with bots have ratings of their own")
SHOW_PEOPLE = "Show people"
NO_RATED_GAME = "No rated game yet. Press Play now in the lobby for one."
NO_BOT = "No bot has played yet."

ARCHIVE = ("Date", "Players", "Board", "Winner")
NO_WINNER = "draw"
ALL_GAMES = "All games"
PLAYER = Caption("Player", "Show this player's games (Enter). Empty: all games.")
EARLIER = "Earlier games"
NO_GAME = "No finished game yet."

FIRST = Caption("|‹", "First position (Home)")
PREVIOUS = Caption("‹", "Previous move (Page Up)")
NEXT = Caption("›", "Next move (Page Down)")
LAST = Caption("›|", "Last position (End)")


def position(shown: int, count: int) -> str:
    """Return which position of a game is shown, by its number of moves."""
    return f"move {shown} of {count}" if count else "no move yet"


def rating(entry: RatingEntry) -> str:
    """Return a rating with its deviation: "1526 ± 180"."""
    return f"{entry.rating} ± {entry.deviation}"


def results(among_people: RatingEntry | None, with_bots: RatingEntry | None) -> str:
    """Return a player's results."""
    return f"Among people: {_results(among_people)}\nWith bots: {_results(with_bots)}"


def _results(entry: RatingEntry | None) -> str:
    if entry is None:
        return "no rated game yet"
    return f"{rating(entry)}, {entry.wins} won, {entry.draws} drawn, {entry.losses} lost"


def left_out(count: int) -> str:
    """Return how many games are left out; empty for none."""
    if not count:
        return ""
    return f"{count} {'game is' if count == 1 else 'games are'} left out: the server's record is damaged."


def not_imported(file: str, reason: str) -> str:
    """Return why a file cannot be imported."""
    return f"{file} cannot be imported: {sentence(reason)}"


def saved(file: str) -> str:
    """Return that a file was written."""
    return f"Saved as {file}."


def not_saved(file: str, reason: object) -> str:
    """Return why a file cannot be written."""
    return f"{file} cannot be written: {reason}."


def players(record: GameRecord) -> str:
    """Return who played, X first; bots are marked."""
    return " – ".join(called_in(record.bots, record.seats[seat]) for seat in ("X", "O"))


def terms(record: GameRecord) -> str:
    """Return the date and the terms of a game."""
    return f"{date_text(record)} · {games.terms(record)}"


def ending_with_ratings(record: GameRecord, changes: Mapping[str, Change]) -> str:
    """Return how a game ended, and the rating changes by username."""
    ratings = [f"{name} {change.before} → {change.after}" for name, change in changes.items()]
    return "  ·  ".join([ending(record), *ratings])
