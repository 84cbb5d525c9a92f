"""An event loop without a clock: its time passes when a test lets it pass. It is a host of procedures, too."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from game.errors import TicTacToeError
from server.runtime.effects import Effects
from server.runtime.procedures import CommitLock, Procedure
from server.runtime.timers import Action
from wire.later import Later, Shared, answered, failed

Call = Callable[..., Any]
"""Stands for another server: is called with a method and its arguments, and returns the answer or a ``Later``."""


class TimerByHand:
    """An action at a time. It runs at most once."""

    def __init__(self, action: Action) -> None:
        self._action: Action | None = action

    def cancel(self) -> None:
        self._action = None

    def fire(self) -> None:
        action, self._action = self._action, None
        if action is not None:
            action()


class TimersByHand:
    """Runs actions in the order of their times, and those of one time in the order in which they came."""

    def __init__(self, call: Call | None = None, now: float = 0.0) -> None:
        """``call``: the other server of procedures. Without it, they must not call any."""
        self.now = now
        self.call_other_server = call
        self._actions: list[tuple[float, int, TimerByHand]] = []
        self._numbers = itertools.count()

    def clock(self) -> float:
        return self.now

    # -- what code on an event loop calls -----------------------------------------------------------------------------

    def soon(self, action: Action) -> TimerByHand:
        return self.call_later(0.0, action)

    def call_later(self, delay_s: float, action: Action) -> TimerByHand:
        timer = TimerByHand(action)
        heapq.heappush(self._actions, (self.now + max(0.0, delay_s), next(self._numbers), timer))
        return timer

    def in_thread(self, work: Callable[[], Any]) -> Later:
        """Do the work at once."""
        return _later(work)

    def call(self, method: str, arguments: tuple[Any, ...]) -> Later:
        call = self.call_other_server
        if call is None:
            pytest.fail(f"there is no server for {method}")
        return _later(lambda: call(method, *arguments))

    # -- what a test calls --------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run all actions whose time has come, with those that they add."""
        self.advance(0.0)

    def advance(self, seconds: float) -> None:
        """Let time pass. Each action runs at its own time."""
        until = self.now + seconds
        while self._actions and self._actions[0][0] <= until:
            at, _, timer = heapq.heappop(self._actions)
            self.now = max(self.now, at)
            timer.fire()
        self.now = until

    def begin(self, effects: Effects[Any], commit_lock: CommitLock | None = None) -> Later:
        """Begin a procedure with these timers as its host."""
        return Procedure(effects, self, commit_lock).begin()

    def result(self, effects: Effects[Any], commit_lock: CommitLock | None = None) -> Any:
        """Run a procedure that needs no time to its end; return its result or raise its error."""
        later = self.begin(effects, commit_lock)
        self.run()
        return result_of(later)


def result_of(later: Later) -> Any:
    """Return an answer that must be there; what many callers share is returned itself. Raises its error."""
    assert later.settled, "there is no answer yet"
    if later.error is not None:
        raise later.error
    return later.value.value if isinstance(later.value, Shared) else later.value


def _later(make: Callable[[], Any]) -> Later:
    try:
        value = make()
    except TicTacToeError as error:
        return failed(error)
    return value if isinstance(value, Later) else answered(value)
