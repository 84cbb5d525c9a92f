"""Who comes into a room and who does not: private, locked, removed; and who may speak in it."""

from __future__ import annotations

import pytest

from game.context import Context
from game.errors import InvalidArgument, NotAllowed, NotInRoom, NotInvited, RoomClosed, TooOften
from game.forms.views import summary, talk, view
from game.rooms.chat import LINES_OF_PERSON, Line
from game.rooms.commands import Close, Create, Join, Lock, Remove, Say
from game.rooms.decide import decide
from game.rooms.decide_access import check_may_see
from game.rooms.events import Locked, Removed, Returned, Said, Seated, Started, Watched
from game.rooms.remembered_requests import REMEMBERED_ABSENT
from game.rooms.state import Room, answer_to, nothing
from tests.game.playing import LIMITS, after, decided, joined, left, opened, request, started, watched

R = "request"
CODE = "c0ffee"


def private() -> Room:
    return after(nothing("abcd"), Create("ann", request(), "", "tictactoe", {}, code=CODE))


# -- private ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["player", "spectator"])
def test_into_a_private_room_comes_who_was_invited(role: str) -> None:
    for code in ("", "tea"):
        with pytest.raises(NotInvited):
            decided(private(), Join("cleo", R, role, code))  # type: ignore[arg-type]
    assert decided(private(), Join("cleo", R, role, CODE))[0] in (Seated("cleo", R, "X"), Watched("cleo", R))  # type: ignore[arg-type]


def test_its_owner_and_who_is_in_it_need_no_code() -> None:
    assert decided(private(), Join("ann", R, "player")) == (Seated("ann", R, "X"),)
    room = after(private(), Join("ann", R, "player"), Join("bob", R, "spectator", CODE))
    assert decided(room, Join("bob", R, "player")) == (Seated("bob", R, "O"), Started("bob", R, "ann", "bob", 1))
    room = left(after(room, Join("bob", R, "player")), "bob")
    assert decided(room, Join("bob", R, "player")) == (Returned("bob", R),)


def test_who_left_a_private_room_without_a_seat_needs_the_code_again() -> None:
    room = left(after(private(), Join("cleo", R, "spectator", CODE)), "cleo")
    with pytest.raises(NotInvited):
        decided(room, Join("cleo", R, "spectator"))


def test_nothing_in_a_private_room_is_for_those_outside() -> None:
    room = after(private(), Join("bob", R, "player", CODE), Join("cleo", R, "spectator", CODE))
    for name in ("ann", "bob", "cleo"):
        check_may_see(room, name)
    check_may_see(left(room, "bob"), "bob")
    for outside, name in ((room, "dan"), (left(room, "cleo"), "cleo")):
        with pytest.raises(NotInvited):
            check_may_see(outside, name)
    assert CODE not in repr(view(room))
    assert CODE not in repr(summary(room))
    assert (view(room)["private"], summary(room)["private"]) == (True, True)


# -- locked -----------------------------------------------------------------------------------------------------------


def test_a_locked_room_takes_players_and_nobody_to_watch() -> None:
    room = after(watched(joined(opened(), "ann"), "cleo"), Lock("ann", R, True))
    with pytest.raises(NotAllowed, match="locked"):
        decided(room, Join("dan", R, "spectator"))
    assert room.has("cleo"), "who watches stays"
    assert decided(room, Join("bob", R, "player"))[0] == Seated("bob", R, "O")
    with pytest.raises(NotAllowed, match="locked"):
        decided(joined(room, "bob"), Join("dan", R, "player"))
    assert decided(after(room, Lock("ann", request(), False)), Join("dan", R, "spectator")) == (Watched("dan", R),)


def test_a_locked_room_is_not_seen_from_outside_either() -> None:
    room = after(watched(started(), "cleo"), Lock("ann", R, True))
    for name in ("ann", "bob", "cleo"):
        check_may_see(room, name)
    with pytest.raises(NotAllowed, match="locked"):
        check_may_see(room, "dan")


def test_its_owner_may_watch_a_locked_room() -> None:
    room = after(joined(opened(), "bob", "cleo"), Lock("ann", R, True))
    assert decided(room, Join("ann", R, "spectator")) == (Watched("ann", R),)


def test_only_the_owner_locks_and_what_is_locked_stays_so() -> None:
    assert decided(started(), Lock("ann", R, True)) == (Locked("ann", R, True),)
    assert decided(started(), Lock("ann", R, False)) == ()
    assert decided(after(started(), Lock("ann", request(), True)), Lock("ann", R, True)) == ()
    for name in ("bob", "cleo"):
        with pytest.raises(NotAllowed):
            decided(started(), Lock(name, R, True))


# -- removed ----------------------------------------------------------------------------------------------------------


def test_who_was_removed_is_out_and_stays_out() -> None:
    room = watched(joined(opened(), "ann"), "cleo", "dan")
    assert decided(room, Remove("ann", R, "cleo")) == (Removed("ann", R, "cleo"),)
    room = after(room, Remove("ann", R, "cleo"))
    assert room.spectators == ("dan",)
    for role in ("player", "spectator"):
        with pytest.raises(NotAllowed, match="removed"):
            decided(room, Join("cleo", R, role))  # type: ignore[arg-type]
    with pytest.raises(NotAllowed, match="removed"):
        check_may_see(room, "cleo")
    with pytest.raises(NotInRoom):
        decided(room, Say("cleo", R, "why?"))


def test_only_the_owner_removes_and_only_who_watches() -> None:
    room = watched(started(), "cleo")
    for name in ("bob", "cleo"):
        with pytest.raises(NotAllowed):
            decided(room, Remove(name, R, "cleo"))
    for player in ("ann", "bob"):
        with pytest.raises(NotAllowed, match="seat"):
            decided(room, Remove("ann", R, player))
        with pytest.raises(NotAllowed, match="seat"):
            decided(left(room, player), Remove("ann", R, player))
    with pytest.raises(NotInRoom):
        decided(room, Remove("ann", R, "dan"))
    with pytest.raises(NotAllowed, match="leave"):
        decided(watched(opened(), "ann"), Remove("ann", R, "ann"))


def test_a_crowd_that_comes_and_is_removed_is_forgotten_like_one_that_leaves() -> None:
    room = joined(opened(), "ann")
    for number in range(REMEMBERED_ABSENT + 10):
        name = f"guest{number}"
        room = after(room, Join(name, "in", "spectator"), Remove("ann", request(), name))
    assert len(room.requests) == REMEMBERED_ABSENT + 1
    assert answer_to(room, "guest0", "in") is None


# -- talk -------------------------------------------------------------------------------------------------------------


def test_everybody_in_the_room_may_speak_and_is_read_with_their_seat() -> None:
    room = watched(started(), "cleo")
    assert decided(room, Say("bob", R, " hello\t you "), Context(5, 0, 99)) == (
        Said("bob", R, "O", "hello you", 99, at=5),
    )
    room = after(room, Say("bob", R, "hello"), Say("cleo", R, "hi"), at=5)
    assert room.talk == (Line(6, "bob", "O", "hello", 5, 0), Line(7, "cleo", None, "hi", 5, 0))
    assert talk(room)[1] == {"version": 7, "by": "cleo", "seat": None, "text": "hi", "at": 5, "date": 0}


def test_who_is_not_in_the_room_does_not_speak_and_a_player_who_does_is_back() -> None:
    for name in ("cleo", "dan"):
        with pytest.raises(NotInRoom):
            decided(left(watched(started(), "cleo"), "cleo"), Say(name, R, "hi"))
    assert decided(left(started(), "bob"), Say("bob", R, "hi")) == (Returned("bob", R), Said("bob", R, "O", "hi", 0))
    with pytest.raises(RoomClosed):
        decided(after(opened(), Close("ann", request())), Say("ann", R, "hi"))
    with pytest.raises(InvalidArgument):
        decided(started(), Say("ann", R, "\u200b"))


def test_who_says_too_much_is_told_to_wait_by_service_time() -> None:
    room = started()
    for number in range(LINES_OF_PERSON):
        room = after(room, Say("ann", request(), f"line {number}"), at=1000)
    with pytest.raises(TooOften):
        decide(room, Say("ann", R, "more"), Context(10_999), LIMITS)
    assert decided(room, Say("ann", R, "more"), Context(11_000))
    assert decided(room, Say("bob", R, "hm"), Context(1000))
