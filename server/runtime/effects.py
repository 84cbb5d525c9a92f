"""Procedures that describe their I/O as effects: the order of the steps, apart from how each is done. No I/O here.

A procedure is a generator. It yields an effect and is resumed with the result, or with the error thrown in at that
place. So the code that sets the order (journal, then replica, then publish) runs unchanged on an event loop and in the
simulation. ``procedures`` runs it. The idea is that of "sans I/O" protocols (Brodie, "Building Protocol Libraries The
Right Way", 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from wire.later import Later

Result = TypeVar("Result")


class RemoteCall(Struct, frozen=True):
    """Call this method of the other server; the result is what it returns."""

    method: str
    arguments: tuple[Any, ...]


class Submit(Struct, frozen=True):
    """Submit a command to the log; the result is its answer."""

    stream: str
    command: Any


class SubmitAll(Struct, frozen=True):
    """Submit several commands at once.

    The result has their answers in order. If any fails, the first error is thrown in once all have ended.
    """

    commands: Sequence[Submit]


class WithCommitLock(Struct, frozen=True):
    """Run this procedure with the commit lock held; the result is what it returns."""

    effects: Generator[Any, Any, Any]


class Blocking(Struct, frozen=True):
    """Do this work apart from the event loop, because it takes long; the result is what it returns."""

    work: Callable[[], Any]


class Await(Struct, frozen=True):
    """Wait for a deferred answer; the result is its value.

    When a client waits for the procedure and disconnects, the answer is abandoned, too.
    """

    later: Later


class Sleep(Struct, frozen=True):
    """Wait this many seconds, or less when there is something to do."""

    seconds: float


Effect = RemoteCall | Submit | SubmitAll | WithCommitLock | Blocking | Await | Sleep
Effects = Generator[Effect, Any, Result]


def no_effects() -> Effects[None]:
    """Return a procedure that does nothing. With the commit lock, its end shows that earlier commits have ended."""
    yield from ()
