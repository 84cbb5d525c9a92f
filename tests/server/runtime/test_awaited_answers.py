"""Procedures that wait for answers which others settle, and clients that leave meanwhile."""

from __future__ import annotations

import pytest

from server.runtime.effects import Await, Effects, RemoteCall
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.errors import NotReady
from wire.later import Later, answered


def doubled(later: Later) -> Effects[int]:
    return 2 * (yield Await(later))


def test_a_procedure_goes_on_with_the_answer() -> None:
    later = Later()
    procedure = TimersByHand().begin(doubled(later))
    assert not procedure.settled
    later.answer(21)
    assert result_of(procedure) == 42
    assert result_of(TimersByHand().begin(doubled(answered(4)))) == 8, "an answer may be there already"


def test_an_error_is_thrown_in_where_the_procedure_waits() -> None:
    later = Later()
    procedure = TimersByHand().begin(doubled(later))
    later.fail(NotReady("not yet"))
    with pytest.raises(NotReady):
        result_of(procedure)


def test_when_the_client_leaves_what_the_procedure_waits_for_is_abandoned() -> None:
    later, left = Later(), []
    later.on_abandon(lambda: left.append("left"))
    procedure = TimersByHand().begin(doubled(later))
    procedure.abandon()
    assert left == ["left"]
    assert not procedure.settled


def test_a_client_that_left_before_is_not_waited_for() -> None:
    """As a seek whose client disconnects while the main server is asked who it is."""
    name, seek, left = Later(), Later(), []
    seek.on_abandon(lambda: left.append("left"))

    def seeking() -> Effects[int]:
        yield RemoteCall("who_has", ())
        return (yield Await(seek))

    procedure = TimersByHand(lambda _method: name).begin(seeking())
    procedure.abandon()
    assert left == []
    name.answer("ada")
    assert left == ["left"]


def test_an_answer_that_is_there_is_not_abandoned() -> None:
    later, left = Later(), []
    later.on_abandon(lambda: left.append("left"))
    procedure = TimersByHand().begin(doubled(later))
    later.answer(1)
    procedure.abandon()
    assert left == []
