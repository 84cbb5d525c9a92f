"""Runs procedures by hand: the test carries out their effects, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from server.runtime.effects import Blocking, Effect, Effects
from wire.errors import TicTacToeError

Result = TypeVar("Result")


def _nothing_else(effect: Effect) -> NoReturn:
    raise AssertionError(f"not expected here: {effect}")


def run_effects(effects: Effects[Result], perform: Callable[[Effect], Any] = _nothing_else) -> Result:
    """Run a procedure to its end and return its result.

    ``perform`` carries out its effects, but not work that takes long, which is done here.
    """
    try:
        effect = next(effects)
        while True:
            try:
                answer = effect.work() if isinstance(effect, Blocking) else perform(effect)
            except TicTacToeError as error:
                effect = effects.throw(error)
            else:
                effect = effects.send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result
