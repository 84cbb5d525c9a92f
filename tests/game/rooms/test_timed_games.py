"""Games with a clock, and games that somebody stays away from: what only time can bring."""

from __future__ import annotations

import pytest

from game.context import Context, Limits
from game.errors import GameNotRunning, InvalidArgument, NotAllowed, NotAPlayer, NotInRoom, NotYourTurn, TimeUp
from game.forms.views import view
from game.rooms.commands import (
    SYSTEM,
    Accept,
    ClaimGame,
    Command,
    Decline,
    Due,
    Join,
    Leave,
    Move,
    Offer,
    Rematch,
    Resign,
    Say,
)
from game.rooms.decide import decide
from game.rooms.events import Finished, Left, Moved, RematchWanted, Returned
from game.rooms.state import Room
from tests.game.playing import (
    after,
    decided,
    due,
    joined,
    left,
    played,
    playing,
    request,
    system_request,
    timed,
    watched,
    won_by_x,
)

R = "request"


def moved(room: Room, name: str, cell: int, at: int) -> Room:
    return after(room, Move(name, request(), cell), at=at)


# -- clocks -----------------------------------------------------------------------------------------------------------


def test_clocks_run_from_the_start_of_the_game_and_turn_with_every_move() -> None:
    room = moved(moved(timed("1+1"), "ann", 4, at=5000), "bob", 0, at=7000)
    assert room.clock is not None
    assert (room.clock.left, room.clock.running, room.clock.since) == ((56_000, 59_000), "X", 7000)
    assert room.due_at == 7000 + 56_000
    assert view(room)["time"] == {"left_ms": {"X": 56_000, "O": 59_000}, "running": "X", "since": 7000}


def test_the_flag_falls_for_who_is_to_move_when_the_servers_look() -> None:
    room = moved(timed(), "ann", 4, at=5000)
    assert decided(room, Due(SYSTEM, R), Context(14_999)) == ()
    assert decided(room, Due(SYSTEM, R), Context(15_000)) == (Finished(SYSTEM, R, "time", "X", (), at=15_000),)
    assert decided(room, Due(SYSTEM, R), Context(99_000)) == (Finished(SYSTEM, R, "time", "X", (), at=99_000),)
    room = due(room, 99_000)
    assert (room.phase, room.wins, room.due_at) == ("finished", {"ann": 1}, None)
    assert room.clock is not None
    assert (room.clock.left, room.clock.running) == ((10_000, 0), None)


def test_a_move_in_the_last_millisecond_counts_and_a_later_one_does_not() -> None:
    assert decided(timed(), Move("ann", R, 4), Context(9999)) == (Moved("ann", R, "X", 4, at=9999),)
    with pytest.raises(TimeUp, match="your time"):
        decided(timed(), Move("ann", R, 4), Context(10_000))


def test_a_winning_move_stops_the_clocks() -> None:
    room = played(timed(), 0, 3, 1, 4)
    room = moved(room, "ann", 2, at=4000)
    assert room.clock is not None
    assert (room.outcome and room.outcome.termination, room.clock.running, room.due_at) == ("line", None, None)


_AFTER_THE_FLAG: list[Command] = [
    Move("ann", R, 4),
    Move("bob", R, 4),
    Resign("ann", R),
    Resign("bob", R),
    Offer("ann", R, "draw"),
    Offer("bob", R, "draw"),
    Accept("ann", R, "draw"),
    Accept("ann", R, "takeback"),
    Decline("ann", R, "draw"),
    ClaimGame("ann", R, "win"),
]


@pytest.mark.parametrize("command", _AFTER_THE_FLAG)
def test_once_a_flag_has_fallen_nothing_changes_how_the_game_ends(command: Command) -> None:
    """Whichever command comes first, and however late the servers look: who ran down has lost."""
    room = after(played(timed(), 0, 3), Offer("bob", request(), "draw"), Offer("bob", request(), "takeback"))
    room = left(room, "bob")
    with pytest.raises(TimeUp):
        decided(room, command, Context(10_000))
    assert due(room, 70_000).outcome == due(room, 10_000).outcome


def test_people_come_go_and_talk_also_between_the_flag_and_its_fall() -> None:
    room = after(timed(), Say("bob", R, "tick"), Leave("bob", R), Join("cleo", R, "spectator"), at=20_000)
    assert decided(room, Due(SYSTEM, R), Context(20_100)) == (Finished(SYSTEM, R, "time", "O", (), at=20_100),)


def test_time_never_goes_back_whatever_a_new_server_thinks_it_is() -> None:
    room = moved(timed(), "ann", 4, at=5000)
    [event] = decided(room, Move("bob", R, 0), Context(4000))
    assert event == Moved("bob", R, "O", 0, at=5000)


def test_the_next_game_has_clocks_of_its_own() -> None:
    room = after(moved(timed("1+1"), "ann", 4, at=30_000), Resign("bob", R), at=40_000)
    room = after(room, Rematch("ann", R), Rematch("bob", R), at=90_000)
    assert room.clock is not None
    assert (room.clock.left, room.clock.running, room.due_at) == ((60_000, 60_000), "X", 150_000)


def test_a_series_nobody_attends_is_played_to_its_end_by_time() -> None:
    room = left(playing(best_of=3, clock="10s"), "ann", "bob")
    while room.due_at is not None:
        room = due(room, room.due_at)
    assert (room.series_is_over, room.wins, room.at) == (True, {"bob": 2, "ann": 1}, 3 * 10_000 + 2 * 5000)


# -- who stays away ---------------------------------------------------------------------------------------------------


def unseen(room: Room, name: str, unseen_ms: int, at: int) -> Room:
    """The room after the servers found that somebody is gone."""
    return after(room, Leave(name, system_request(), unseen_ms), at=at)


def test_a_game_is_claimed_after_a_minute_and_not_before() -> None:
    room = after(played(playing(), 0), Leave("bob", R), at=5000)
    with pytest.raises(NotAllowed, match="wait 1 s"):
        decided(room, ClaimGame("ann", R, "win"), Context(64_999))
    assert decided(room, ClaimGame("ann", R, "win"), Context(65_000)) == (
        Finished("ann", R, "left", "X", (), at=65_000),
    )
    assert decided(room, ClaimGame("ann", R, "draw"), Context(65_000)) == (
        Finished("ann", R, "left", None, (), at=65_000),
    )


def test_the_minute_counts_from_when_somebody_was_last_seen() -> None:
    request_id = system_request()
    assert decided(playing(), Leave("bob", request_id, 8000), Context(30_000)) == (
        Left("bob", request_id, 8000, at=30_000),
    )
    room = unseen(playing(), "bob", 8000, at=30_000)
    assert room.away == {"bob": 22_000}
    with pytest.raises(NotAllowed):
        decided(room, ClaimGame("ann", R, "win"), Context(81_999))
    assert decided(room, ClaimGame("ann", R, "win"), Context(82_000))
    assert unseen(playing(), "bob", 99_000, at=30_000).away == {"bob": 0}


def test_how_long_is_a_setting() -> None:
    room = left(playing(), "bob")
    limits = Limits(claim_after_ms=1000)
    with pytest.raises(NotAllowed):
        decide(room, ClaimGame("ann", R, "win"), Context(999), limits)
    assert decide(room, ClaimGame("ann", R, "win"), Context(1000), limits)


def test_who_comes_back_or_does_anything_is_not_away_any_more() -> None:
    for command in (Join("bob", R, "player"), Say("bob", R, "here"), Offer("bob", R, "draw")):
        room = after(left(playing(), "bob"), command, at=59_000)
        with pytest.raises(NotAllowed, match="here"):
            decided(room, ClaimGame("ann", R, "win"), Context(99_000))


def test_who_claims_is_back_and_a_player_of_a_running_game() -> None:
    room = left(watched(playing(), "cleo"), "ann", "bob")
    assert decided(room, ClaimGame("ann", R, "draw"), Context(60_000))[0] == Returned("ann", R, at=60_000)
    for name, refusal in (("dan", NotInRoom), ("cleo", NotAPlayer)):
        with pytest.raises(refusal):
            decided(room, ClaimGame(name, R, "win"), Context(60_000))
    with pytest.raises(GameNotRunning):
        decided(left(won_by_x(), "bob"), ClaimGame("ann", R, "win"), Context(60_000))
    for junk in ("loss", "Win", None, 1, ["win"]):
        with pytest.raises(InvalidArgument):
            decided(room, ClaimGame("ann", R, junk), Context(60_000))


def test_a_claim_counts_in_the_series() -> None:
    room = after(left(playing(best_of=3), "bob"), ClaimGame("ann", R, "win"), at=60_000)
    assert (room.wins, room.series_is_over, room.due_at) == ({"ann": 1}, False, 65_000)


def test_who_wished_for_a_rematch_left_and_wishes_again_is_back() -> None:
    room = left(after(won_by_x(), Rematch("ann", request())), "ann")
    assert decided(room, Rematch("ann", R)) == (Returned("ann", R), RematchWanted("ann", R, "X"))


def test_out_of_turn_is_out_of_turn_while_time_is_left() -> None:
    with pytest.raises(NotYourTurn):
        decided(timed(), Move("bob", R, 4), Context(9999))


def test_a_room_without_clocks_is_never_due() -> None:
    assert played(joined(playing(), "cleo"), 4).due_at is None
