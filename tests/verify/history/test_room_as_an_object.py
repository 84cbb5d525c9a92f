"""The room as a sequential object: answers as servers give them, and which histories of a room are linearizable."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from all_orders import AnyCall, has_an_order
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded import LIMITS, ROOM, Recorder, busy, opened, played

from game.context import Limits
from game.rooms.commands import Create, Join, Leave, Move, Rematch, Resign
from game.rooms.events import Finished, Moved
from tests.examples import examples
from verify.history.guarantees import check as check_guarantees
from verify.history.linearizability import check
from verify.history.models import KnownVersion, RoomSpecification
from verify.history.record import AnsweredCall, Call, ObservedView, RefusedCall, Seen

UNTIMED = settings(deadline=None, max_examples=examples(60))


def linearizable(calls: list[AnyCall]) -> bool:
    return check(RoomSpecification(ROOM, LIMITS, {}), calls).linearizable


# -- one call after the other -------------------------------------------------------------------------------------


def test_a_room_answers_as_the_servers_do() -> None:
    room = Recorder()
    assert room.look().answer == RefusedCall("no_such_room")
    assert room.call(Create("ada", "r1", "t", "tictactoe", {})).answer == AnsweredCall(1, None)
    assert room.call(Join("ada", "r2", "player")).answer == AnsweredCall(2, "X")
    assert room.call(Move("ada", "r3", 0)).answer == RefusedCall("game_not_running")
    assert room.call(Join("bob", "r4", "player")).answer == AnsweredCall(4, "O")
    assert room.call(Move("bob", "r5", 0)).answer == RefusedCall("not_your_turn")
    assert room.call(Move("ada", "r6", 0)).answer == AnsweredCall(5, "X")
    assert room.call(Move("bob", "r7", 0)).answer == RefusedCall("cell_taken")
    assert room.look().answer == Seen(5, "playing", (("X", 0),))


def test_a_known_request_gets_its_first_answer_and_changes_nothing() -> None:
    room = opened()
    first = room.call(Move("ada", "m1", 0))
    room.call(Move("bob", "m2", 1))
    before = room.state
    assert room.call(Move("ada", "m1", 0)).answer == first.answer == AnsweredCall(5, "X")
    assert room.state == before


def test_a_room_takes_so_many_people() -> None:
    model = RoomSpecification(ROOM, Limits(people=1), {})
    state, _ = model.step(model.initial(), Create("ada", "r1", "t", "tictactoe", {}))
    state, _ = model.step(state, Join("ada", "r2", "player"))
    assert model.step(state, Join("bob", "r3", "player")) == (state, RefusedCall("room_full"))


def test_two_ways_to_one_version_have_two_keys_and_one_way_has_one() -> None:
    model = RoomSpecification(ROOM, LIMITS, {})
    created, _ = model.step(model.initial(), Create("ada", "r1", "t", "tictactoe", {}))
    joins = [Join("ada", "r2", "player"), Join("bob", "r3", "player"), Join("ada", "r2", "spectator")]
    states = [model.step(created, join)[0] for join in joins]
    assert len({state.room.version for state in states}) == 1
    assert len({model.key(state) for state in (created, *states)}) == 4
    assert model.key(model.step(created, joins[0])[0]) == model.key(states[0])


def test_what_changes_nothing_has_the_same_key() -> None:
    room = played()
    model = room._model
    for operation in (ObservedView("wes"), Move("bob", "m9", 8), Join("ada", "j9", "player")):
        assert model.key(model.step(room.state, operation)[0]) == model.key(room.state)


def test_carried_is_any_answer_of_that_version() -> None:
    model = RoomSpecification(ROOM, LIMITS, {})
    assert model.accepts(AnsweredCall(5, "X"), KnownVersion(5))
    assert not model.accepts(AnsweredCall(6, "X"), KnownVersion(5))
    assert not model.accepts(RefusedCall("cell_taken"), KnownVersion(5))


# -- histories ----------------------------------------------------------------------------------------------------


def test_a_game_is_linearizable() -> None:
    assert linearizable(played().history.calls)


def at_once(*calls: AnyCall) -> list[AnyCall]:
    """The calls, all on their way during the same ten seconds."""
    return [replace(call, sent_at=100.0, answered_at=110.0) for call in calls]


def test_of_two_who_want_the_last_seat_one_gets_it() -> None:
    room = Recorder()
    room.call(Create("ada", "r1", "t", "tictactoe", {}))
    room.call(Join("ada", "r2", "player"))
    bob, cyd = Join("bob", "r3", "player"), Join("cyd", "r4", "player")
    one_each = at_once(Call("bob", bob, 0, 0, AnsweredCall(5, None)), Call("cyd", cyd, 0, 0, AnsweredCall(4, "O")))
    assert linearizable([*room.history.calls, *one_each])
    both = at_once(Call("bob", bob, 0, 0, AnsweredCall(4, "O")), Call("cyd", cyd, 0, 0, AnsweredCall(4, "O")))
    assert not linearizable([*room.history.calls, *both])


def test_two_players_are_not_told_that_each_has_the_same_cell() -> None:
    room = opened()
    ada, bob = Move("ada", "m1", 4), Move("bob", "m2", 4)
    told = Call("ada", ada, 0, 0, AnsweredCall(5, "X")), Call("bob", bob, 0, 0, AnsweredCall(6, "O"))
    assert not linearizable([*room.history.calls, *at_once(*told)])
    told = told[0], replace(told[1], answer=RefusedCall("cell_taken"))
    assert linearizable([*room.history.calls, *at_once(*told)])


def test_two_looks_at_one_version_do_not_see_two_stones_on_one_cell() -> None:
    room = opened()
    room.call(Move("ada", "m1", 4))
    room.look("wes")
    room.look("wim")
    assert linearizable(room.history.calls)
    room.history.calls[-1] = replace(room.history.calls[-1], answer=Seen(5, "playing", (("X", 5),)))
    assert not linearizable(room.history.calls)


def test_a_look_after_an_acknowledged_move_sees_it() -> None:
    room = opened()
    old = room.look()
    move = room.call(Move("ada", "m1", 4))
    stale = replace(old, sent_at=50.0, answered_at=51.0)
    assert not linearizable([*room.history.calls, stale])
    during = replace(old, sent_at=move.sent_at, answered_at=51.0)
    assert linearizable([*room.history.calls, during])


def test_a_move_that_was_refused_is_not_seen() -> None:
    room = opened()
    room.call(Move("bob", "m1", 4))
    assert room.history.calls[-1].answer == RefusedCall("not_your_turn")
    assert linearizable([*room.history.calls, Call("wes", ObservedView("wes"), 50, 51, Seen(4, "playing", ()))])
    assert not linearizable(
        [*room.history.calls, Call("wes", ObservedView("wes"), 50, 51, Seen(5, "playing", (("O", 4),)))]
    )


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_move_that_nobody_answered_is_there_or_not(carried_out: bool) -> None:
    room = opened()
    room.call(Move("ada", "m1", 4), answered_after_s=None, carried_out=carried_out)
    room.look()
    assert linearizable(room.history.calls)


def test_a_move_that_was_seen_is_not_unseen() -> None:
    room = opened()
    before = room.look()
    room.call(Move("ada", "m1", 4), answered_after_s=None)
    room.look()
    assert not linearizable([*room.history.calls, replace(before, sent_at=50.0, answered_at=51.0)])


def test_a_retry_under_a_new_call_gets_the_first_answer() -> None:
    room = opened()
    room.call(Move("ada", "m1", 4), answered_after_s=None)
    room.call(Move("bob", "m2", 5))
    again = room.call(Move("ada", "m1", 4))
    assert again.answer == AnsweredCall(5, "X")
    assert linearizable(room.history.calls)


# -- many at once -------------------------------------------------------------------------------------------------


@UNTIMED
@given(st.integers(1, 60), st.integers(1, 8), st.randoms(use_true_random=False))
def test_what_a_room_really_answered_is_linearizable(calls: int, clients: int, chance: random.Random) -> None:
    history = busy(calls, clients, chance, lost_answers=0.1).watched("wes")
    found = check_guarantees({ROOM: history}, complete=True, limits=LIMITS)
    assert found.clean, found.all


@UNTIMED
@given(st.data(), st.integers(0, 1 << 30))
def test_for_rooms_the_search_finds_what_a_search_through_all_orders_finds(data: st.DataObject, seed: int) -> None:
    """Few calls on a room where a game is on, and perhaps an answer that is another's."""
    room = opened()
    commands = [
        Move("ada", "a1", data.draw(st.integers(0, 2))),
        Move("bob", "b1", data.draw(st.integers(0, 2))),
        Leave("ada", "a2"),
        ObservedView("wes"),
        Resign("bob", "b2"),
        Rematch("ada", "a3"),
        Join("cyd", "c1", "player"),
    ]
    model = RoomSpecification(ROOM, LIMITS, {})
    state = room.state
    chance = random.Random(seed)
    calls: list[AnyCall] = []
    for moment, operation in enumerate(chance.sample(commands, 4)):
        state, answer = model.step(state, operation)
        answered_at = None if chance.random() < 0.2 else moment + chance.uniform(0, 3)
        calls.append(Call("c", operation, moment - chance.uniform(0, 3), answered_at, answer))
    if data.draw(st.booleans()):
        one, other = chance.sample(range(4), 2)
        calls[one] = replace(calls[one], answer=calls[other].answer)

    class Going(RoomSpecification):
        def initial(self):  # type: ignore[no-untyped-def]  # the game that is on
            return room.state

    assert check(Going(ROOM, LIMITS, {}), calls).linearizable == has_an_order(Going(ROOM, LIMITS, {}), calls)


@UNTIMED
@given(st.integers(5, 40), st.randoms(use_true_random=False))
def test_the_final_history_makes_the_check_stricter_and_never_milder(calls: int, chance: random.Random) -> None:
    history = busy(calls, 4, chance, lost_answers=0.05).history
    at = chance.randrange(len(history.calls))
    history.calls[at] = replace(history.calls[at], answer=chance.choice(history.calls).answer)
    verdict = check(RoomSpecification(ROOM, LIMITS, {}), history.calls, most_steps=20_000)
    if verdict.outcome == "not linearizable":
        assert check_guarantees({ROOM: history}, complete=True, limits=LIMITS).not_linearizable


def test_the_moments_of_a_recorded_room_are_as_its_events() -> None:
    final = played().history.final
    assert [version for version, _ in final] == list(range(1, 11))
    assert isinstance(final[-1][1], Finished)
    assert sum(isinstance(event, Moved) for _, event in final) == 5
