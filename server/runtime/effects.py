"""Procedures that describe their I/O as effects: the order of the steps, apart from how each is done. No I/O here.

A procedure is a generator. It yields an effect and is resumed with the result, or with the error thrown in at that
place. So the code that sets the order (journal, then replica, then publish) runs unchanged in two places: over real
connections and threads, and in the simulation. The idea is that of "sans I/O" protocols (Brodie, "Building Protocol
Libraries The Right Way", 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from msgspec import Struct

from wire.errors import TicTacToeError

Result = TypeVar("Result")


class RemoteCall(Struct, frozen=True):
    """Call this method of the replica's peer object; the result is what it returns."""

    method: str
    arguments: tuple[Any, ...]


class WithCommitLock(Struct, frozen=True):
    """Run this procedure with the commit lock held; the result is what it returns."""

    effects: Generator[Any, Any, Any]


class Sleep(Struct, frozen=True):
    """Wait this many seconds, or less when there is something to do."""

    seconds: float


Effect = RemoteCall | WithCommitLock | Sleep
Effects = Generator[Effect, Any, Result]


def run_effects(effects: Effects[Result], perform: Callable[[Effect], Any]) -> Result:
    """Run a procedure to its end and return its result; ``perform`` carries out its effects."""
    try:
        effect = next(effects)
        while True:
            try:
                answer = perform(effect)
            except TicTacToeError as error:
                effect = effects.throw(error)
            else:
                effect = effects.send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result
