"""Records from outside: what a room records passes, and nothing passes that cannot have been played."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from game.errors import InvalidArgument
from game.forms.record_checks import LAST_DATE, check_record
from game.forms.records import GameRecord, game_from_plain, record_of, to_plain
from game.games.registry import rules_named, short_list
from game.match.selection import Choices
from game.rooms.commands import SYSTEM, Accept, ClaimGame, Create, Due, Join, Leave, Match, Move, Offer, Resign
from game.rooms.state import Room, nothing
from tests.game.playing import JUNK, UNTIMED, after, played, request, resigned, started, won_by_x

WON = record_of(won_by_x())
"""X has 0, 1, 2, and O has 3, 4."""
BROKEN_OFF = record_of(resigned(played(started(), 4), "bob"))
TIMED = GameRecord(
    "abcd",
    3,
    "tictactoe",
    {"width": 5, "height": 5, "in_a_row": 4},
    {"X": "bob", "O": "Housebot"},
    ("Housebot",),
    (("X", 12), ("O", 0)),
    "time",
    "O",
    1_800_000_000,
    5,
    "3+2",
    True,
    False,
)


@pytest.mark.parametrize("record", [WON, BROKEN_OFF, TIMED, replace(WON, private=True), replace(WON, date=LAST_DATE)])
def test_what_was_played_passes(record: GameRecord) -> None:
    check_record(record)


def test_names_of_other_versions_of_unicode_and_of_older_rules_pass() -> None:
    for name in ("á" + "\N{COMBINING ACUTE ACCENT}" * 18, "\N{ARABIC LETTER BEH}", "a\U000323b0", "Zoë.d'Arc"):
        check_record(replace(WON, seats={"X": name, "O": "bob"}))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("room", {"room": "../../etc/cron"}),
        ("room", {"room": "abcd\n"}),
        ("room", {"room": ""}),
        ("room", {"room": "a" * 17}),
        ("number", {"number": 0}),
        ("number", {"number": 10**12}),
        ("game", {"game": "chess"}),
        ("options", {"options": {}}),
        ("options", {"options": {"width": 3, "height": 3}}),
        ("options", {"options": {"width": 3, "height": 3, "in_a_row": 3, "torus": True}}),
        ("options", {"options": {"width": 3, "height": 3, "in_a_row": 11}}),
        ("seats", {"seats": {"X": "ann", "O": "Ann"}}),
        ("seats", {"seats": {"X": "", "O": "bob"}}),
        ("seats", {"seats": {"X": "ann", "O": "b\u202eob"}}),
        ("seats", {"seats": {"X": "ann", "O": "b\nob"}}),
        ("seats", {"seats": {"X": "ann", "O": "b" * 21}}),
        ("bots", {"bots": ("cleo",)}),
        ("bots", {"bots": ("bob", "bob")}),
        ("date", {"date": 1_800_000_000_000}),
        ("best_of", {"best_of": 4}),
        ("clock", {"clock": "whenever"}),
        ("clock", {"clock": "3+02"}),
        ("rated", {"rated": True, "private": True, "best_of": 3}),
        ("rated", {"rated": True}),
        ("winner", {"winner": None}),
        ("winner", {"winner": "O"}),
        ("termination", {"termination": "full", "winner": None}),
        ("termination", {"termination": "resigned"}),
        ("termination", {"termination": "line", "moves": WON.moves[:-1]}),
        ("moves", {"moves": (*WON.moves, ("O", 8))}),
        ("moves", {"moves": WON.moves[1:]}),
        ("moves", {"moves": (("X", 0), ("O", 0))}),
        ("moves", {"moves": (("X", 9),)}),
        ("moves", {"moves": (("X", "a1"),)}),
    ],
)
def test_what_cannot_have_been_is_refused_by_the_name_of_the_field(field: str, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument, match=field):
        check_record(replace(WON, **wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("winner", {"winner": None}),
        ("winner", {"termination": "agreed"}),
        ("winner", {"termination": "aborted"}),
        ("winner", {"termination": "time", "winner": None, "clock": "10s"}),
        ("winner", {"termination": "time", "winner": "O", "clock": "10s"}),
        ("termination", {"termination": "time", "winner": "X"}),
        ("termination", {"termination": "line", "winner": "X"}),
        ("termination", {"termination": "full", "winner": None}),
        ("termination", {"termination": "aborted", "winner": None, "moves": (("X", 4), ("O", 0))}),
    ],
)
def test_an_end_that_does_not_fit_a_game_that_could_go_on_is_refused(field: str, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument, match=field):
        check_record(replace(BROKEN_OFF, **wrong))  # type: ignore[arg-type]


# -- everything that rooms record passes ------------------------------------------------------------------------------


def a_room(clock: str, best_of: int, *, match: bool, size: int) -> Room:
    """A room where ann and bob have begun to play."""
    if match:
        board = {3: "3x3", 5: "5x5"}[size]
        choices = Choices((board,), (best_of or 1,), (clock,))
        return after(nothing("abcd"), Match(SYSTEM, request(), "tictactoe", ("ann", "bob"), choices, rated=True))
    options = {"width": size, "height": size, "in_a_row": 3}
    create = Create("ann", request(), "", "tictactoe", options, best_of, clock)
    return after(nothing("abcd"), create, Join("ann", request(), "player"), Join("bob", request(), "player"))


def by_turn(room: Room) -> str:
    return str(room.seats[room.rules.to_move(room.position) or "X"])


def the_end(room: Room, how: str) -> Room:
    """The game broken off that way."""
    if how == "resigned":
        return after(room, Resign("bob", request()))
    if how == "agreed":
        return after(room, Offer("ann", request(), "draw"), Accept("bob", request(), "draw"))
    if how in ("win", "draw"):
        gone = after(room, Leave("bob", request()))
        return after(gone, ClaimGame("ann", request(), how), at=60_000)
    return after(room, Due(SYSTEM, request()), at=10_000_000)


@UNTIMED
@given(
    clock=st.sampled_from(short_list("tictactoe").clocks),
    best_of=st.sampled_from([0, 1, 3, 15]),
    match=st.booleans(),
    size=st.sampled_from([3, 5]),
    cells=st.lists(st.integers(0, 24), max_size=25),
    how=st.sampled_from(["resigned", "agreed", "win", "draw", "time"]),
)
def test_what_rooms_record_passes(clock: str, best_of: int, match: bool, size: int, cells: list[int], how: str) -> None:
    room = a_room(clock, best_of, match=match, size=size)
    for cell in cells:
        if room.phase == "playing" and cell < size * size and room.position.cells[cell] == ".":
            room = after(room, Move(by_turn(room), request(), cell))
    if (
        room.phase == "playing"
        and not (how == "time" and clock == "none")
        and not (how in ("win", "draw") and clock != "none")
    ):
        room = the_end(room, how)
    if room.phase == "finished":
        check_record(record_of(room))
        assert game_from_plain(to_plain(record_of(room))) == record_of(room)


@UNTIMED
@given(st.sampled_from([WON, BROKEN_OFF, TIMED]), st.sampled_from(sorted(to_plain(WON))), JUNK)
def test_junk_in_a_field_is_refused_or_makes_a_game_that_can_be_replayed(
    record: GameRecord, field: str, junk: object
) -> None:
    try:
        read = game_from_plain({**to_plain(record), field: junk})
        check_record(read)
    except InvalidArgument:
        return
    rules = rules_named(read.game, read.options)
    position = rules.opening()
    for seat, move in read.moves:
        position = rules.play(position, seat, move)
