"""What holds for the whole cluster: service time that never goes back, and whether it is being emptied."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from game.cluster_state import AT_FIRST, EVENTS, STATES, ClusterState, Drain, Happened, Tick, decide, evolve
from game.context import Context
from game.errors import InvalidArgument
from tests.game.playing import JUNK, UNTIMED

COMMANDS = st.just(Tick()) | st.builds(Drain, st.booleans(), st.none() | st.integers(0, 1 << 40))


def test_a_tick_writes_down_what_time_it_is() -> None:
    assert decide(AT_FIRST, Tick(), Context(500)) == (Happened(500, False, None),)
    assert evolve(AT_FIRST, Happened(500, False, None)) == ClusterState(1, 500, False)


def test_time_that_has_not_passed_is_not_written_down() -> None:
    for at in (0, 499, 500):
        assert decide(ClusterState(3, 500, False), Tick(), Context(at)) == ()


def test_the_cluster_is_emptied_and_goes_on_as_usual() -> None:
    draining = evolve(AT_FIRST, decide(AT_FIRST, Drain(True, 1_800_000_000), Context(7))[0])
    assert draining == ClusterState(1, 7, True, 1_800_000_000)
    assert decide(draining, Drain(True, 1_800_000_000), Context(8)) == ()
    assert decide(draining, Drain(True), Context(8)) == (Happened(8, True, None),)
    assert decide(draining, Drain(False, 99), Context(8)) == (Happened(8, False, None),)
    assert decide(draining, Tick(), Context(9)) == (Happened(9, True, 1_800_000_000),)


@UNTIMED
@given(st.lists(st.tuples(COMMANDS, st.integers(0, 1 << 40))))
def test_service_time_never_goes_back_and_everything_survives_the_disk(steps: list[tuple[Tick | Drain, int]]) -> None:
    state = AT_FIRST
    for command, at in steps:
        before = state
        for event in decide(state, command, Context(at)):
            assert EVENTS.from_plain(json.loads(json.dumps(EVENTS.to_plain(event)))) == event
            state = evolve(state, event)
            assert state != replace(before, version=state.version), "what happens changes something"
        assert state.at >= before.at
        assert state.version - before.version in (0, 1)
        assert STATES.from_plain(json.loads(json.dumps(STATES.to_plain(state)))) == state
        if isinstance(command, Drain):
            assert state.draining == command.on
            assert state.until == (command.until if command.on else None)
            assert decide(state, command, Context(at)) == ()


@pytest.mark.parametrize(
    "wrong", [{"kind": "drained"}, {"at": -1}, {"at": None}, {"at": 1.0}, {"draining": 1}, {"until": "soon"}]
)
def test_anything_else_is_no_event(wrong: dict[str, object]) -> None:
    good = EVENTS.to_plain(Happened(5, True, None))
    assert EVENTS.from_plain({**good, "mood": "good"}) == Happened(5, True, None)
    with pytest.raises(InvalidArgument):
        EVENTS.from_plain({**good, **wrong})


@UNTIMED
@given(JUNK)
def test_junk_is_no_event(junk: object) -> None:
    with pytest.raises(InvalidArgument):
        EVENTS.from_plain(junk)


@pytest.mark.parametrize("lacking", ["version", "at", "draining"])
def test_a_state_that_lacks_a_field_is_no_state(lacking: str) -> None:
    plain = STATES.to_plain(ClusterState(3, 500, True, 7))
    del plain[lacking]
    with pytest.raises(InvalidArgument):
        STATES.from_plain(plain)
