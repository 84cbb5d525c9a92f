"""Game archives to test with: games of some people and bots, and names that were released."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import strategies as st
from msgspec.structs import replace

from game.accounts.names import name_key
from game.forms.records import GameRecord, NameFreed, Record, from_plain, to_plain
from game.rules import Seat

NAMES = ("ann", "Ann", "bob", "cléo", "CLÉO", "dan", "eve")
"""Some of them are one name, written otherwise."""
BOTS = ("robo", "Tick")


def game_of(
    x: str,
    o: str,
    winner: Seat | None = "X",
    *,
    room: str = "abcd",
    number: int = 1,
    rated: bool = True,
    private: bool = False,
) -> GameRecord:
    """A finished game of these two, in which whoever is called as a bot is one."""
    return GameRecord(
        room,
        number,
        "tictactoe",
        {"width": 3, "height": 3, "in_a_row": 3},
        {"X": x, "O": o},
        tuple(name for name in (x, o) if name in BOTS),
        (("X", 4),),
        "agreed" if winner is None else "resigned",
        winner,
        1_800_000_000,
        0,
        "none",
        rated,
        private,
    )


def read_again(record: Record) -> Record:
    """The record, written as JSON and read; the order of its parts is another one then."""
    return from_plain(json.loads(json.dumps(to_plain(record), sort_keys=True)))


def _in_rooms(book: Sequence[Record]) -> list[Record]:
    """Each game in a room and with a number there that no other has."""
    return [
        replace(record, room=f"room{at % 3}", number=at // 3 + 1) if isinstance(record, GameRecord) else record
        for at, record in enumerate(book)
    ]


WINNERS = st.sampled_from(["X", "O", None])
PAIRS = st.tuples(st.sampled_from(NAMES + BOTS), st.sampled_from(NAMES + BOTS)).filter(
    lambda pair: name_key(pair[0]) != name_key(pair[1])
)
GAMES = st.builds(
    lambda pair, winner, rated, private: game_of(*pair, winner, rated=rated, private=private),
    PAIRS,
    WINNERS,
    st.sampled_from([True, True, False]),
    st.sampled_from([False, False, True]),
)
FREED = st.builds(NameFreed, st.sampled_from(NAMES))
BOOKS = st.lists(st.one_of(GAMES, GAMES, GAMES, GAMES, FREED), max_size=30).map(_in_rooms)
