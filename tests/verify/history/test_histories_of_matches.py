"""Histories of matches: clocks, offers, talk and what the servers do of themselves are judged, and faults found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from msgspec import structs
from recorded import LIMITS, ROOM, Recorder

from game.context import Context
from game.match.selection import SELECT_MS, Choices
from game.rooms.commands import (
    SYSTEM,
    Accept,
    ClaimGame,
    Close,
    Command,
    Decline,
    Due,
    Join,
    Leave,
    Match,
    Move,
    Offer,
    Propose,
    Rematch,
    Resign,
    Say,
)
from game.rooms.events import Agreed, Closed, Event, Finished, Left, Moved, Said, Started, TakenBack
from game.rooms.state import BETWEEN_GAMES_MS
from verify.history.guarantees import Findings, check
from verify.history.record import AnsweredCall, Call, ObservedView, RefusedCall, RoomHistory, Seen
from verify.history.server_commands import moment_of, request_of, system_command

CHOICES = Choices(("3x3", "5x5"), (1, 3), ("none", "10s"))
X_WANTS, O_WANTS = (
    {"board": "3x3", "best_of": 3, "clock": "10s"},
    {"board": "3x3", "best_of": 3, "clock": "none"},
)
LOT = 2 * 77
"""An even number: what X wants is played."""
BEGAN = SELECT_MS


def match_of(players: tuple[str, str] = ("ada", "bob"), choices: Choices = CHOICES) -> Match:
    return Match(SYSTEM, "house-match", "tictactoe", players, choices, True, ("bob",))


def selected() -> Recorder:
    """A match for which lots were drawn: best of three with ten seconds a move. Version 8 is the game's start."""
    room = Recorder()
    room.servers(match_of(), at=0)
    room.call(Propose("ada", "p1", X_WANTS), now=Context(2000))
    room.call(Propose("bob", "p2", O_WANTS), now=Context(3000))
    room.servers(Due(SYSTEM, "house-lots"), at=BEGAN, chance=LOT)
    assert room.version() == 8
    return room


def a_whole_match() -> Recorder:
    """With talk, a takeback, a flag that falls, a next game by itself, a player who is gone, a rematch, and its end."""
    room = selected()

    def call(command: Command, at: int) -> None:
        room.call(command, now=Context(BEGAN + at, 5, 1_800_000_000))

    call(Join("wes", "w1", "spectator"), 100)
    call(Say("wes", "s1", "good  luck"), 200)
    call(Move("ada", "m1", 4), 4000)
    call(Offer("ada", "o1", "takeback"), 5000)
    call(Accept("bob", "o2", "takeback"), 6000)
    call(Move("ada", "m2", 0), 9000)
    call(Offer("bob", "o3", "draw"), 9500)
    call(Decline("ada", "o4", "draw"), 9900)
    room.look()
    room.servers(Due(SYSTEM, "house-flag"), at=BEGAN + 19_000)
    room.servers(Due(SYSTEM, "house-next"), at=BEGAN + 19_000 + BETWEEN_GAMES_MS)
    call(Move("bob", "m3", 8), 25_000)
    room.servers(Leave("ada", "house-gone", 5000), at=BEGAN + 30_000)
    call(Say("ada", "s2", "back again"), 31_000)
    call(Resign("bob", "r1"), 32_000)
    call(Rematch("ada", "r2"), 40_000)
    call(Rematch("bob", "r3"), 41_000)
    room.servers(Leave("bob", "house-gone2", 0), at=BEGAN + 42_000)
    room.look()
    room.servers(Close(SYSTEM, "house-close"), at=BEGAN + 43_000)
    return room


def found_in(history: RoomHistory) -> Findings:
    return check({ROOM: history}, complete=True, limits=LIMITS)


@pytest.fixture
def history() -> RoomHistory:
    """The whole match, seen by two in full."""
    return a_whole_match().watched("w1", "w2")


def where(history: RoomHistory, kind: type, number: int = 0) -> int:
    """The place in the final history of an event of that kind."""
    return [place for place, (_, event) in enumerate(history.final) if isinstance(event, kind)][number]


def change(history: RoomHistory, place: int, **changes: object) -> None:
    """The event is another, for everybody."""
    version, event = history.final[place]
    for seen in (history.final, *history.spectators.values()):
        seen[place] = (version, structs.replace(event, **changes))  # type: ignore[arg-type]


# -- good ones --------------------------------------------------------------------------------------------------------


def test_a_whole_match_is_clean(history: RoomHistory) -> None:
    found = found_in(history)
    assert found.clean, found.all
    kinds = {type(event) for _, event in history.final}
    assert {Agreed, Started, Moved, TakenBack, Finished, Said, Left, Closed} <= kinds


def test_a_match_without_a_choice_and_a_claimed_game_are_clean() -> None:
    room = Recorder()
    room.servers(match_of(choices=Choices(("3x3",), (1,), ("none",))), at=0)
    room.servers(Leave("bob", "house-gone", 1000), at=4000)
    room.call(ClaimGame("ada", "c1", "win"), now=Context(62_999))
    assert room.history.calls[-1].answer == RefusedCall("not_allowed")
    room.call(ClaimGame("ada", "c2", "win"), now=Context(63_000))
    room.call(Leave("ada", "l1"), now=Context(64_000))
    assert isinstance(room.history.final[-1][1], Closed)
    found = found_in(room.watched("w1"))
    assert found.clean, found.all


def test_refusals_that_only_time_explains_say_nothing(history: RoomHistory) -> None:
    """Of what made no events nobody knows when it was decided."""
    for number, (command, code) in enumerate(
        [
            (Move("ada", "t1", 5), "time_up"),
            (Say("ada", "t2", "more"), "too_often"),
            (ClaimGame("ada", "t3", "win"), "not_allowed"),
        ]
    ):
        history.calls.append(Call("ada", command, 5.1 + number, 5.2 + number, RefusedCall(code)))
    assert found_in(history).clean


def test_late_moves_are_refused_in_a_good_history() -> None:
    room = selected()
    late = room.call(Move("ada", "m1", 4), now=Context(BEGAN + 10_000))
    assert late.answer == RefusedCall("time_up")
    room.servers(Due(SYSTEM, "house-flag"), at=BEGAN + 10_050)
    assert found_in(room.watched("w1")).clean


def test_calls_of_which_nobody_heard_are_judged_by_their_events() -> None:
    for carried_out in (True, False):
        room = selected()
        room.call(Say("ada", "s1", "hi"), now=Context(BEGAN + 5), answered_after_s=None, carried_out=carried_out)
        room.call(Offer("bob", "o1", "abort"), now=Context(BEGAN + 6), answered_after_s=None, carried_out=carried_out)
        room.look()
        assert found_in(room.history).clean


# -- bad ones ---------------------------------------------------------------------------------------------------------


def test_a_flag_that_fell_too_early_is_found(history: RoomHistory) -> None:
    flag = where(history, Finished)
    assert history.final[flag][1].at == BEGAN + 19_000
    change(history, flag, at=BEGAN + 18_999)
    assert any("the rules make []" in what for what in found_in(history).not_linearizable)


def test_a_flag_that_fell_for_the_other_is_found(history: RoomHistory) -> None:
    change(history, where(history, Finished), winner="O")
    assert any("the rules make" in what for what in found_in(history).not_linearizable)


def test_a_move_after_the_time_was_up_is_found() -> None:
    room = selected()
    room.call(Move("ada", "m1", 4), now=Context(BEGAN + 9999))
    history = room.watched("w1")
    change(history, where(history, Moved), at=BEGAN + 10_000)
    assert any("the rules refuse it" in what for what in found_in(history).not_linearizable)


@pytest.mark.parametrize(
    "changes", [{"lot": LOT + 1}, {"clock": "none"}, {"best_of": 1}, {"board": "5x5"}, {"at": SELECT_MS - 1}]
)
def test_a_lot_that_was_drawn_wrong_is_found(history: RoomHistory, changes: dict[str, object]) -> None:
    change(history, where(history, Agreed), **changes)
    assert found_in(history).not_linearizable


def test_a_next_game_that_began_too_early_or_with_the_wrong_seats_is_found(history: RoomHistory) -> None:
    started = where(history, Started, 1)
    first = history.final[started][1]
    change(history, started, at=BEGAN + 19_000)
    assert found_in(history).not_linearizable
    change(history, started, at=first.at, seat_x="ada", seat_o="bob")
    assert found_in(history).not_linearizable


def test_a_line_that_is_lost_is_found(history: RoomHistory) -> None:
    """Nothing is there of what somebody was told is said."""
    place = where(history, Said)
    for seen in (history.final, *history.spectators.values()):
        seen[place:] = [(version - 1, event) for version, event in seen[place + 1 :]]
    found = found_in(history)
    assert any("Say(" in what and "is not in the final history" in what for what in found.lost)


def test_a_line_that_says_something_else_is_found(history: RoomHistory) -> None:
    change(history, where(history, Said), text="bad luck")
    assert any("the rules make" in what for what in found_in(history).not_linearizable)


def test_a_line_that_one_spectator_did_not_see_is_found(history: RoomHistory) -> None:
    del history.spectators["w2"][where(history, Said)]
    assert any(what.startswith(f"{ROOM}: w2") for what in found_in(history).out_of_order)


@pytest.mark.parametrize("changes", [{"count": 2}, {"by": "ada"}])
def test_a_takeback_that_differs_for_one_spectator_is_found(history: RoomHistory, changes: dict[str, object]) -> None:
    place = where(history, TakenBack)
    version, event = history.final[place]
    history.spectators["w2"][place] = (version, structs.replace(event, **changes))  # type: ignore[arg-type]
    found = found_in(history)
    assert len(found.all) == 1
    assert "w2 saw" in found.out_of_order[0]


def test_a_takeback_of_too_many_moves_is_found(history: RoomHistory) -> None:
    change(history, where(history, TakenBack), count=2)
    assert found_in(history).not_linearizable


def test_a_look_that_sees_a_move_that_was_taken_back_is_found(history: RoomHistory) -> None:
    place = next(number for number, call in enumerate(history.calls) if isinstance(call.operation, ObservedView))
    seen = history.calls[place].answer
    assert isinstance(seen, Seen)
    assert seen.moves == (("X", 0),)
    history.calls[place] = replace(history.calls[place], answer=replace(seen, moves=(("X", 4), ("X", 0))))
    assert found_in(history).not_linearizable


def test_an_offer_that_was_accepted_and_shows_no_effect_is_found(history: RoomHistory) -> None:
    place = next(n for n, call in enumerate(history.calls) if isinstance(call.operation, Accept))
    history.calls[place] = replace(history.calls[place], operation=Decline("bob", "o2", "takeback"))
    assert found_in(history).not_linearizable


def test_a_player_whom_nobody_saw_go_is_found(history: RoomHistory) -> None:
    """Servers say who is gone by requests of theirs; a Left of another request is somebody's own."""
    change(history, where(history, Left), request_id="l1")
    assert any("no command explains" in what for what in found_in(history).not_linearizable)


def test_what_the_servers_may_not_do_is_found(history: RoomHistory) -> None:
    history.final = history.final[:-1]
    history.spectators = {}
    version = history.final[-1][0]
    for event in (Moved(SYSTEM, "house-1", "X", 5), Said(SYSTEM, "house-1", None, "hi", 0)):
        with_it = replace(history, final=[*history.final, (version + 1, event)])
        assert any("no command explains" in what for what in found_in(with_it).not_linearizable)


def test_a_draw_that_nobody_agreed_to_is_found(history: RoomHistory) -> None:
    change(history, where(history, Finished, 1), termination="agreed", winner=None)
    assert found_in(history).not_linearizable


def test_a_proposal_that_was_told_carried_out_twice_is_found(history: RoomHistory) -> None:
    history.calls.append(Call("ada", Propose("ada", "p9", X_WANTS), 2.5, 2.6, AnsweredCall(20, "X")))
    assert found_in(history).not_linearizable


# -- the commands of the servers --------------------------------------------------------------------------------------

_LEAVE = Leave("ada", "house-gone", 5000)


@pytest.mark.parametrize("make", [a_whole_match, selected])
def test_the_servers_own_commands_are_read_off_their_events(make: Callable[[], Recorder]) -> None:
    by_request: dict[tuple[str, str], list[Event]] = {}
    for _, event in make().history.final:
        by_request.setdefault(request_of(event), []).append(event)
    found = {request: system_command(events) for request, events in by_request.items()}
    assert found.pop((SYSTEM, "house-match")) == match_of()
    assert found.pop((SYSTEM, "house-lots")) == Due(SYSTEM, "house-lots")
    assert found.pop((SYSTEM, "house-gone"), _LEAVE) == _LEAVE
    for (by, request_id), command in found.items():
        assert (command is not None) == (by == SYSTEM), request_id
    assert moment_of(by_request[SYSTEM, "house-lots"]) == Context(BEGAN, LOT, 0)


def test_a_match_of_one_is_no_match() -> None:
    room = Recorder()
    room.servers(match_of(), at=0)
    events = [event for _, event in room.history.final]
    assert system_command(events) == match_of()
    assert system_command([events[0], *events[2:]]) is None
    assert system_command(events[:3]) is None
