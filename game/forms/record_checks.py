"""The check of a record from outside: types, ranges, fields that match each other, legal moves. Pure.

``records`` reads only the shape of a record. A record from a file, or from a server at a client, is checked here
completely before its use. The refusal is a sentence with the name of the field.
"""

from __future__ import annotations

import unicodedata

from game.accounts.names import LONGEST_NAME, name_key
from game.errors import InvalidArgument, Refusal, require
from game.forms.records import GameRecord
from game.games.registry import rules_named
from game.match.clock import clock_rule, clock_text
from game.match.offers import MOVES_BEFORE_ABORT
from game.match.series import ENDLESS, check_best_of
from game.plain_values import ROOM_ID
from game.rules import SEATS, Position, Rules, other

LAST_DATE = 253_402_300_799
"""The last second of the year 9999, in seconds since 1970. Python's calendar ends there, and dates in milliseconds
exceed it."""
MOST_GAMES = 1_000_000_000
"""The largest accepted game number of a room: far more than are ever played."""
_NOT_SHOWN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def check_record(record: GameRecord) -> None:
    """Raise InvalidArgument, with the field's name in the sentence, for a game that cannot have been played."""
    _check_place(record)
    _check_people(record)
    _check_terms(record)
    _check_moves(record)


def _check_place(record: GameRecord) -> None:
    require(ROOM_ID.fullmatch(record.room) is not None, "room must be 4 to 16 lower-case letters and digits")
    require(1 <= record.number <= MOST_GAMES, "number must be that of a game in its room, from 1")
    require(0 <= record.date <= LAST_DATE, "date must be in seconds since 1970, up to the year 9999")


def _check_people(record: GameRecord) -> None:
    names = [record.seats[seat] for seat in SEATS]
    require(all(map(_is_name, names)), f"seats must be names of 1 to {LONGEST_NAME} visible characters")
    require(name_key(names[0]) != name_key(names[1]), "seats must be two different people")
    each_once = len(set(record.bots)) == len(record.bots) and set(record.bots) <= set(names)
    require(each_once, "bots must be names of the seats, each once")


def _is_name(name: str) -> bool:
    """Return whether the name can be shown.

    Accepts more than a new name: other Unicode versions and older rules have other letters.
    """
    shown = not any(unicodedata.category(c) in _NOT_SHOWN for c in name)
    return 1 <= len(name) <= LONGEST_NAME and name == name.strip() and shown


def _check_terms(record: GameRecord) -> None:
    try:
        rules = rules_named(record.game, record.options)
    except InvalidArgument as refusal:
        raise InvalidArgument(f"options do not fit: {refusal.message}") from None
    options = dict(rules.options())
    require(dict(record.options) == options, f"options must be {', '.join(options)}, and no others")
    check_best_of(record.best_of)
    clock = clock_text(clock_rule(record.clock))
    require(record.clock == clock, f"clock must be written as {clock}")
    of_match = not record.private and record.best_of != ENDLESS
    require(of_match or not record.rated, "rated games are those of a match: not private, and of a series with an end")


def _check_moves(record: GameRecord) -> None:
    """Replay the moves and compare the end with the record."""
    rules = rules_named(record.game, record.options)
    position = rules.opening()
    for number, (seat, move) in enumerate(record.moves, 1):
        turn = rules.to_move(position)
        require(turn is not None, f"moves must end with the game, which was over before move {number}")
        require(turn == seat, f"moves must be in turn: move {number} is {seat}'s, and it was {turn}'s turn")
        try:
            position = rules.play(position, seat, move)
        except Refusal as refusal:
            raise InvalidArgument(f"moves must be legal: move {number}: {refusal.message}") from None
    _check_end(record, rules, position)


def _check_end(record: GameRecord, rules: Rules, position: Position) -> None:
    termination, winner = record.termination, record.winner
    outcome = rules.outcome(position)
    if outcome is not None and (termination, winner) != (outcome.termination, outcome.winner):
        end = "a draw" if outcome.winner is None else f"{outcome.winner}'s win"
        raise InvalidArgument(f"termination and winner must fit the moves, which end as {end} ({outcome.termination})")
    if outcome is None:
        _check_broken_off(record, rules, position, len(record.moves))


def _check_broken_off(record: GameRecord, rules: Rules, position: Position, moves: int) -> None:
    """Check the end of a game that could have gone on."""
    termination, winner = record.termination, record.winner
    on_board = termination in ("line", "full")
    require(not on_board, f"termination cannot be {termination}: the moves are of a game that goes on")
    if termination in ("agreed", "aborted"):
        require(winner is None, f"winner must be null when a game is {termination}")
    if termination in ("resigned", "time"):
        require(winner is not None, f"winner must be X or O when the termination is {termination}")
    late = rules.to_move(position)
    if termination == "time" and late is not None:
        require(record.clock != "none", "termination cannot be time in a game without a clock")
        require(winner == other(late), f"winner must be {other(late)}: the time of {late} ran")
    if termination == "aborted":
        require(moves < MOVES_BEFORE_ABORT, f"termination cannot be aborted after {moves} moves")
