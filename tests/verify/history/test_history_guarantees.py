"""The check of histories finds what was lost, doubled, out of order or told in no possible order, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from recorded import LIMITS, ROOM, opened, played

from game.rooms.commands import Close, Command, Create, Join, Leave, Move, Resign
from game.rooms.events import Closed, Event, Finished, Left, Moved
from verify.history.guarantees import Findings, check
from verify.history.record import AnsweredCall, Call, ObservedView, RefusedCall, RoomHistory, Seen


@pytest.fixture
def history() -> RoomHistory:
    """A game that ada has won, seen by one spectator in full and by another from version 3 on."""
    history = played().watched("w1", "w2")
    del history.spectators["w2"][:2]
    return history


def found_in(history: RoomHistory, *, complete: bool = True) -> Findings:
    return check({ROOM: history}, complete=complete, limits=LIMITS)


def findings(history: RoomHistory) -> tuple[int, int, int]:
    """How many were lost, doubled and out of order, where the calls may lack some."""
    found = found_in(history, complete=False)
    assert not found.not_linearizable
    return len(found.lost), len(found.doubled), len(found.out_of_order)


def called(history: RoomHistory, request_id: str) -> int:
    """The place of a request's call."""
    return next(
        place
        for place, call in enumerate(history.calls)
        if isinstance(call.operation, Command) and call.operation.request_id == request_id
    )


def change(history: RoomHistory, request_id: str, **changes: object) -> None:
    place = called(history, request_id)
    history.calls[place] = replace(history.calls[place], **changes)  # type: ignore[arg-type]


def test_a_good_history_is_clean(history: RoomHistory) -> None:
    found = found_in(history)
    assert found.clean, found.all
    assert found.acked == 8


def test_a_history_that_ends_before_the_last_move_was_seen_is_clean(history: RoomHistory) -> None:
    del history.spectators["w1"][3:]
    assert found_in(history).clean


def test_what_many_rooms_have_is_told_by_room() -> None:
    good, bad = played().history, played().history
    bad.gaps = 1
    assert check({"good": good, "bad": bad}, complete=False).out_of_order == ("bad: 1 gaps in what spectators saw",)


def test_only_when_all_commands_are_known_it_is_asked_what_order_they_had(history: RoomHistory) -> None:
    del history.calls[called(history, "r3")]
    assert found_in(history, complete=False).clean
    found = found_in(history)
    assert not found.clean
    assert any("no command explains" in what for what in found.not_linearizable)


# -- lost ---------------------------------------------------------------------------------------------------------


def test_an_acknowledged_move_that_is_not_there_is_lost(history: RoomHistory) -> None:
    history.calls.append(Call("bob", Move("bob", "m9", 5), 90, 91, AnsweredCall(10, "O")))
    assert findings(history) == (1, 0, 0)
    assert found_in(history).not_linearizable


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (Move("bob", "m0", 0), AnsweredCall(5, "X")),
        (Move("ada", "m0", 0), AnsweredCall(5, "O")),
        (Move("ada", "m0", 3), AnsweredCall(5, "X")),
        (Move("ada", "m0", 0), AnsweredCall(6, "X")),
        (Resign("ada", "m0"), AnsweredCall(5, "X")),
    ],
)
def test_a_move_that_is_there_as_another_is_lost(history: RoomHistory, command: Command, answer: AnsweredCall) -> None:
    change(history, "m0", operation=command, answer=answer, answered_at=99.0)
    assert findings(history) == (1, 0, 0)


@pytest.mark.parametrize(
    "command", [Create("ada", "r9", "t", "tictactoe", {}), Resign("ada", "r9"), Close("ada", "r9")]
)
def test_a_command_that_always_makes_an_event_and_has_none_is_lost(history: RoomHistory, command: Command) -> None:
    history.calls.append(Call("ada", command, 90, 91, AnsweredCall(10, "X")))
    assert findings(history) == (1, 0, 0)


def test_a_command_that_found_all_as_it_wants_it_is_not_lost() -> None:
    room = played()
    assert room.call(Join("ada", "r9", "player")).answer == AnsweredCall(10, "X")
    assert found_in(room.history).clean


def test_a_command_acknowledged_at_a_version_that_never_was_is_lost(history: RoomHistory) -> None:
    history.calls.append(Call("ada", Join("ada", "r9", "player"), 90, 91, AnsweredCall(11, "X")))
    assert findings(history) == (1, 0, 0)


def test_a_join_that_is_there_at_another_version_is_lost(history: RoomHistory) -> None:
    change(history, "r2", answer=AnsweredCall(3, "X"))
    assert findings(history) == (1, 0, 0)


def test_a_move_that_is_applied_after_being_refused_is_told(history: RoomHistory) -> None:
    change(history, "m4", answer=RefusedCall("not_your_turn"))
    assert findings(history) == (1, 0, 0)
    assert found_in(history).not_linearizable


def test_a_command_without_an_answer_is_never_lost() -> None:
    for carried_out in (True, False):
        room = opened()
        room.call(Move("ada", "m0", 0), answered_after_s=None, carried_out=carried_out)
        room.look()
        assert found_in(room.history).clean


# -- doubled ------------------------------------------------------------------------------------------------------


def test_a_request_that_made_two_moves_is_doubled() -> None:
    room = opened()
    room.call(Move("ada", "m0", 0))
    room.call(Move("bob", "m1", 4))
    history = room.watched("w1")
    history.final.append((7, Moved("ada", "m0", "X", 8)))
    found = found_in(history)
    assert [len(found.lost), len(found.doubled), len(found.out_of_order)] == [1, 1, 0]
    assert found.not_linearizable


def test_what_a_spectator_saw_doubled_is_told_of_the_spectator(history: RoomHistory) -> None:
    history.spectators["w1"].append((11, Finished("ada", "m4", "line", "X", (0, 1, 2))))
    assert [what for what in found_in(history).doubled if "w1" in what]


def test_two_people_may_have_the_same_request_id() -> None:
    room = opened()
    room.call(Move("ada", "same", 0))
    room.call(Move("bob", "same", 1))
    assert found_in(room.history).clean


# -- out of order -------------------------------------------------------------------------------------------------


def test_a_version_that_was_missed_or_came_twice_is_out_of_order(history: RoomHistory) -> None:
    events = list(history.final)
    history.spectators["w1"] = [*events[:3], *events[4:]]
    assert findings(history) == (0, 0, 1)
    history.spectators["w1"] = [*events[:3], events[2], *events[3:]]
    assert findings(history) == (0, 0, 1)


def test_a_spectator_who_saw_something_else_is_out_of_order(history: RoomHistory) -> None:
    history.spectators["w2"][3] = (6, Moved("bob", "m1", "O", 5))
    assert findings(history) == (0, 0, 1)


def test_something_seen_that_is_later_not_there_is_out_of_order(history: RoomHistory) -> None:
    history.spectators["w2"].append((11, Left("bob", "r9")))
    assert findings(history) == (0, 0, 1)


@pytest.mark.parametrize("begins_at", [2, 4, 11])
def test_a_final_history_without_its_beginning_is_told(history: RoomHistory, begins_at: int) -> None:
    history.calls, history.spectators, history.final = [], {}, history.final[begins_at - 1 :]
    assert findings(history) == (0, 0, 1)


def test_a_gap_is_out_of_order(history: RoomHistory) -> None:
    history.gaps = 1
    assert findings(history) == (0, 0, 1)


def test_a_stale_look_after_an_acknowledged_move_is_told(history: RoomHistory) -> None:
    history.calls.append(Call("wes", ObservedView("wes"), 90, 91, Seen(9, "playing", ())))
    assert findings(history) == (0, 0, 1)
    assert found_in(history).not_linearizable


def test_a_look_during_the_move_may_be_old(history: RoomHistory) -> None:
    last = history.calls[-1]
    moves = tuple((event.seat, event.move) for _, event in history.final if isinstance(event, Moved))
    history.calls.append(Call("wes", ObservedView("wes"), last.sent_at, 91, Seen(8, "playing", moves[:-1])))
    assert found_in(history).clean


def test_who_asks_again_much_later_rightly_gets_the_first_and_old_answer() -> None:
    room = opened()
    room.call(Move("ada", "m0", 0), answered_after_s=None)
    room.call(Move("bob", "m1", 1))
    room.call(Move("ada", "m0", 0))
    assert found_in(room.history).clean


# -- in no possible order -----------------------------------------------------------------------------------------


def test_two_clients_who_were_told_different_winners_of_one_cell() -> None:
    room = opened()
    room.call(Move("ada", "m0", 4), sent_before_s=0.5, answered_after_s=0.5)
    history = room.watched("w1")
    history.calls.append(Call("bob", Move("bob", "m1", 4), 3.6, 4.4, AnsweredCall(6, "O")))
    history.final.append((6, Moved("bob", "m1", "O", 4)))
    found = found_in(history)
    assert not found.lost
    assert not found.doubled
    assert any("the rules refuse it" in what for what in found.not_linearizable)
    assert any("only RefusedCall(code='cell_taken') is right" in what for what in found.not_linearizable)


def test_an_end_of_a_game_that_the_rules_do_not_make(history: RoomHistory) -> None:
    wrong: Event = Finished("ada", "m4", "line", "O", (0, 1, 2))
    history.final[-1] = (10, wrong)
    for seen in history.spectators.values():
        seen[-1] = (10, wrong)
    found = found_in(history)
    assert len(found.all) == len(found.not_linearizable) == 1
    assert "the rules make" in found.not_linearizable[0]


def test_an_event_that_nobody_asked_for(history: RoomHistory) -> None:
    history.final.append((11, Left("bob", "r9")))
    assert any("no command explains" in what for what in found_in(history).not_linearizable)


def test_what_the_servers_do_on_their_own_needs_no_call() -> None:
    room = played()
    for command in (Leave("bob", "house-1"), Close("", "house-2")):
        room.call(command)
        del room.history.calls[-1]
    room.look()
    assert isinstance(room.history.final[-1][1], Closed)
    assert found_in(room.history).clean


def test_a_refusal_that_never_came_to_the_room_says_nothing_of_it(history: RoomHistory) -> None:
    history.calls.append(Call("bob", Move("bob", "m9", 5), 0, 1, RefusedCall("busy")))
    assert found_in(history).clean


def test_a_refusal_that_the_room_would_not_have_given(history: RoomHistory) -> None:
    history.calls.append(Call("bob", Move("bob", "m9", 5), 90, 91, RefusedCall("cell_taken")))
    found = found_in(history)
    assert len(found.all) == len(found.not_linearizable) == 1


def test_a_search_that_gives_up_is_not_clean() -> None:
    found = check({ROOM: played().history}, complete=True, most_steps=3)
    assert not found.clean
    assert found.undecided == ("room: not decided after 3 steps",)


def test_a_call_that_is_neither_command_nor_look_is_no_history() -> None:
    with pytest.raises(ValueError, match="must be a Command or an ObservedView"):
        found_in(RoomHistory([Call("ada", "move", 0, 1)]))
