"""What a room decides, case by case: who may do what and when, and what happens then."""

from __future__ import annotations

import pytest
from hypothesis import given

from game.errors import (
    CellTaken,
    GameNotRunning,
    GameStillRunning,
    InvalidArgument,
    NoSuchRoom,
    NotAllowed,
    NotAPlayer,
    NotInRoom,
    NotYourTurn,
    Refusal,
    RoomClosed,
    RoomExists,
    RoomFull,
)
from game.rooms.commands import SYSTEM, Close, Command, Create, Join, Leave, Move, Rematch, Resign
from game.rooms.events import Closed, Created, Finished, Left, Moved, RematchWanted, Returned, Seated, Started, Watched
from game.rooms.evolve import evolve
from game.rooms.state import Room, nothing
from tests.game.playing import (
    JUNK,
    MOST_PEOPLE,
    UNTIMED,
    after,
    decided,
    joined,
    left,
    opened,
    played,
    rematched,
    request,
    resigned,
    started,
    watched,
    won_by_x,
)

R = "request"
EVERYTHING: list[Command] = [
    Join("ann", R, "player"),
    Join("ann", R, "spectator"),
    Leave("ann", R),
    Move("ann", R, 0),
    Resign("ann", R),
    Rematch("ann", R),
    Close("ann", R),
]


# -- opening and closing ----------------------------------------------------------------------------------------------


def test_who_creates_a_room_owns_it_and_is_not_seated() -> None:
    room = nothing("abcd")
    [event] = decided(room, Create("ann", R, "  A table ", "tictactoe", {"width": 4, "colour": "red"}))
    options = {"width": 4, "height": 3, "in_a_row": 3}
    assert event == Created("ann", R, "abcd", "A table", "tictactoe", options)
    room = evolve(room, event)
    assert (room.owner, room.phase, room.players, room.version) == ("ann", "waiting", (), 1)


def test_a_room_is_created_once() -> None:
    with pytest.raises(RoomExists):
        decided(opened(), Create("bob", R, "Another", "tictactoe", {}))


@pytest.mark.parametrize("title", ["x" * 61, "a\nb", "a\u202eb", "\ud800", None, 7, b"title"])
def test_a_title_that_cannot_be_shown_is_refused(title: object) -> None:
    with pytest.raises(InvalidArgument, match="title"):
        decided(nothing("abcd"), Create("ann", R, title, "tictactoe", {}))


@pytest.mark.parametrize("command", EVERYTHING)
def test_a_room_that_nobody_created_does_not_exist(command: Command) -> None:
    with pytest.raises(NoSuchRoom):
        decided(nothing("abcd"), command)


@pytest.mark.parametrize("command", EVERYTHING)
def test_a_closed_room_refuses_everything(command: Command) -> None:
    room = after(won_by_x(), Close("ann", request()))
    with pytest.raises(RoomClosed):
        decided(room, command)


def test_closing_sends_everybody_away_and_keeps_the_seats() -> None:
    room = after(watched(won_by_x(), "cleo"), Close("ann", request()))
    assert (room.phase, room.spectators, room.players) == ("closed", (), ("ann", "bob"))
    assert not any(room.has(name) for name in ("ann", "bob", "cleo"))


def test_only_the_owner_closes_a_room_and_not_while_a_game_is_running() -> None:
    with pytest.raises(NotAllowed):
        decided(opened(), Close("bob", R))
    with pytest.raises(NotAllowed):
        decided(started(), Close("bob", R))
    with pytest.raises(GameStillRunning):
        decided(started(), Close("ann", R))
    assert decided(opened(), Close("ann", R)) == (Closed("ann", R),)
    assert decided(won_by_x(), Close("ann", R)) == (Closed("ann", R),)


def test_the_house_closes_a_room_at_any_time() -> None:
    for room in (opened(), started(), won_by_x()):
        assert decided(room, Close(SYSTEM, R)) == (Closed(SYSTEM, R),)


# -- coming and going -------------------------------------------------------------------------------------------------


def test_the_first_player_has_x_the_second_o_and_then_the_game_starts() -> None:
    assert decided(opened(), Join("ann", R, "player")) == (Seated("ann", R, "X"),)
    room = joined(opened(), "ann")
    assert decided(room, Join("bob", R, "player")) == (Seated("bob", R, "O"), Started("bob", R, "ann", "bob", 1))
    assert started().phase == "playing"


def test_who_asks_for_a_seat_when_none_is_free_watches() -> None:
    assert decided(started(), Join("cleo", R, "player")) == (Watched("cleo", R),)


def test_a_spectator_who_takes_a_free_seat_is_no_longer_a_spectator() -> None:
    room = joined(watched(opened(), "cleo"), "cleo")
    assert (room.seats["X"], room.spectators) == ("cleo", ())


def test_who_is_there_already_changes_nothing_by_joining() -> None:
    room = watched(started(), "cleo")
    for command in (Join("ann", R, "player"), Join("ann", R, "spectator"), Join("cleo", R, "spectator")):
        assert decided(room, command) == ()
    assert decided(room, Join("cleo", R, "player")) == ()


@pytest.mark.parametrize("role", ["player", "spectator"])
def test_a_player_comes_back_to_the_own_seat_in_either_role(role: str) -> None:
    room = left(started(), "bob")
    assert room.seats["O"] == "bob"
    assert not room.has("bob")
    assert decided(room, Join("bob", R, role)) == (Returned("bob", R),)  # type: ignore[arg-type]
    assert joined(room, "bob").has("bob")


def test_leaving_keeps_the_seat_and_the_game() -> None:
    room = joined(left(played(started(), 4), "ann", "bob"), "cleo")
    assert (room.phase, room.players, room.spectators) == ("playing", ("ann", "bob"), ("cleo",))


def test_a_seat_is_kept_also_before_the_game() -> None:
    room = joined(left(joined(opened(), "ann"), "ann"), "bob")
    assert (room.seats["X"], room.seats["O"], room.phase) == ("ann", "bob", "playing")


def test_a_spectator_who_leaves_is_gone() -> None:
    room = watched(started(), "cleo", "dan")
    assert decided(room, Leave("cleo", R)) == (Left("cleo", R),)
    assert left(room, "cleo").spectators == ("dan",)


def test_leaving_when_one_is_not_there_changes_nothing() -> None:
    for room in (started(), left(started(), "cleo")):
        assert decided(room, Leave("cleo", R)) == ()
    assert decided(left(started(), "ann"), Leave("ann", R)) == ()


def test_a_full_room_takes_nobody_but_its_own_players_back() -> None:
    room = watched(started(), "cleo", "dan", "eve")
    assert len(room.players) + len(room.spectators) == MOST_PEOPLE
    for role in ("player", "spectator"):
        with pytest.raises(RoomFull):
            decided(room, Join("fay", R, role))  # type: ignore[arg-type]
    assert decided(left(room, "ann"), Join("ann", R, "player")) == (Returned("ann", R),)
    with pytest.raises(RoomFull):
        decided(left(room, "ann"), Join("fay", R, "spectator"))
    assert decided(left(room, "dan"), Join("fay", R, "spectator")) == (Watched("fay", R),)


def test_a_spectator_of_a_full_room_may_take_its_free_seat() -> None:
    room = watched(joined(opened(), "ann"), "bob", "cleo", "dan", "eve")
    assert decided(room, Join("eve", R, "player"))[0] == Seated("eve", R, "O")


@UNTIMED
@given(JUNK)
def test_an_unknown_role_is_refused(junk: object) -> None:
    for room in (opened(), started()):
        with pytest.raises(InvalidArgument, match="role"):
            decided(room, Join("ann", R, junk))  # type: ignore[arg-type]


# -- playing ----------------------------------------------------------------------------------------------------------


def test_a_move_is_played_from_the_seat_whose_turn_it_is() -> None:
    room = started()
    assert decided(room, Move("ann", R, 4)) == (Moved("ann", R, "X", 4),)
    with pytest.raises(NotYourTurn):
        decided(room, Move("bob", R, 4))
    with pytest.raises(NotYourTurn):
        decided(played(room, 4), Move("ann", R, 0))


def test_a_move_on_a_taken_cell_is_refused() -> None:
    with pytest.raises(CellTaken):
        decided(played(started(), 4), Move("bob", R, 4))


def test_the_last_move_finishes_the_game_in_the_same_request() -> None:
    room = played(started(), 0, 3, 1, 4)
    assert decided(room, Move("ann", R, 2)) == (Moved("ann", R, "X", 2), Finished("ann", R, "line", "X", (0, 1, 2)))
    room = played(started(), 0, 1, 2, 4, 3, 5, 7, 6)
    assert decided(room, Move("ann", R, 8)) == (Moved("ann", R, "X", 8), Finished("ann", R, "full", None, ()))


def test_an_away_player_who_moves_resigns_or_wishes_is_back() -> None:
    assert decided(left(started(), "ann"), Move("ann", R, 4)) == (Returned("ann", R), Moved("ann", R, "X", 4))
    back, finished = decided(left(started(), "bob"), Resign("bob", R))
    assert (back, finished) == (Returned("bob", R), Finished("bob", R, "resigned", "X", ()))
    assert decided(left(won_by_x(), "bob"), Rematch("bob", R)) == (Returned("bob", R), RematchWanted("bob", R, "O"))


def test_a_refused_move_of_an_away_player_brings_nobody_back() -> None:
    with pytest.raises(InvalidArgument):
        decided(left(started(), "ann"), Move("ann", R, 99))


@pytest.mark.parametrize("make", [lambda by: Move(by, R, 4), lambda by: Resign(by, R), lambda by: Rematch(by, R)])
def test_only_players_play_and_others_are_told_whether_they_are_in_the_room(make: type[Resign]) -> None:
    for room in (started(), won_by_x(), opened()):
        with pytest.raises(NotInRoom):
            decided(room, make("cleo"))
        with pytest.raises(NotAPlayer):
            decided(watched(room, "cleo"), make("cleo"))


def test_without_a_running_game_nobody_moves_or_resigns() -> None:
    for room in (joined(opened(), "ann"), won_by_x(), resigned(started(), "bob")):
        for command in (Move("ann", R, 8), Resign("ann", R)):
            with pytest.raises(GameNotRunning):
                decided(room, command)


def test_a_refusal_says_who_first_then_when_then_what() -> None:
    room = played(started(), 4)
    for command, refusal in (
        (Move("cleo", R, "junk"), NotInRoom),
        (Move("ann", R, "junk"), NotYourTurn),
        (Move("bob", R, "junk"), InvalidArgument),
    ):
        with pytest.raises(refusal):
            decided(room, command)
    with pytest.raises(GameNotRunning):
        decided(won_by_x(), Move("bob", R, "junk"))


@UNTIMED
@given(JUNK)
def test_a_junk_move_is_played_or_refused_and_nothing_else(junk: object) -> None:
    try:
        [event] = decided(started(), Move("ann", R, junk))
    except InvalidArgument:
        return
    assert event == Moved("ann", R, "X", junk)
    assert type(junk) is int


@UNTIMED
@given(JUNK, JUNK, JUNK)
def test_a_junk_room_is_created_or_refused_and_nothing_else(title: object, game: object, options: object) -> None:
    for named in (game, "tictactoe"):
        try:
            decided(nothing("abcd"), Create("ann", R, title, named, options))  # type: ignore[arg-type]
        except Refusal:
            continue
        assert named == "tictactoe"


# -- once more --------------------------------------------------------------------------------------------------------


def test_a_rematch_starts_with_the_second_wish_and_swaps_the_seats() -> None:
    room = rematched(won_by_x(), "ann")
    assert (room.phase, room.rematch) == ("finished", ("X",))
    assert decided(room, Rematch("bob", R)) == (RematchWanted("bob", R, "O"), Started("bob", R, "bob", "ann", 2))
    room = rematched(room, "bob")
    assert (room.phase, room.seats, room.game_number) == ("playing", {"X": "bob", "O": "ann"}, 2)
    assert (room.moves, room.outcome, room.rematch) == ((), None, ())


def test_who_wishes_twice_has_wished_once() -> None:
    assert decided(rematched(won_by_x(), "ann"), Rematch("ann", R)) == ()


def test_a_rematch_is_for_a_game_that_is_finished() -> None:
    with pytest.raises(GameStillRunning):
        decided(started(), Rematch("ann", R))
    with pytest.raises(GameNotRunning):
        decided(joined(opened(), "ann"), Rematch("ann", R))


def test_wins_and_draws_add_up_over_a_series_by_name() -> None:
    room: Room = won_by_x()
    room = resigned(rematched(room, "ann", "bob"), "ann")
    room = played(rematched(room, "ann", "bob"), 0, 1, 2, 4, 3, 5, 7, 6, 8)
    room = played(rematched(room, "bob", "ann"), 0, 3, 1, 4, 2)
    assert room.wins == {"ann": 1, "bob": 2}
    assert (room.draws, room.game_number) == (1, 4)
