"""Remote methods of several steps have the checks and the errors of all others."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from game.errors import InvalidArgument
from wire.arguments import remote, whole
from wire.errors import InternalError, NotReady

Procedure = Generator[str, Any, int]


class Object:
    @remote(number=whole(0, 9))
    def divided(self, number: int) -> Procedure:
        return number // (yield "by what?")


def test_the_arguments_are_checked_before_the_first_step() -> None:
    with pytest.raises(InvalidArgument):
        Object().divided(10)


def test_it_is_run_by_whoever_calls() -> None:
    procedure = Object().divided(8)
    assert next(procedure) == "by what?"
    with pytest.raises(StopIteration) as end:
        procedure.send(4)
    assert end.value.value == 2


def test_an_error_of_the_family_is_passed_on_and_any_other_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    procedure = Object().divided(8)
    next(procedure)
    with pytest.raises(NotReady):
        procedure.throw(NotReady("not yet"))
    assert not caplog.records

    procedure = Object().divided(8)
    next(procedure)
    with pytest.raises(InternalError) as shown:
        procedure.send(0)
    assert "division" not in str(shown.value)
    assert "division" in caplog.text


def test_a_procedure_that_is_dropped_ends_without_an_error(caplog: pytest.LogCaptureFixture) -> None:
    procedure = Object().divided(8)
    next(procedure)
    procedure.close()
    assert not caplog.records
