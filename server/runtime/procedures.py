"""Runs procedures: carries out their effects one after the other. Nothing here waits, and there is no clock.

A ``Host`` has what effects need: the other server, timers, threads. A server's host is its event loop
(``event_loop``), that of a simulated server its node. ``commit`` provides the commit lock.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from game.errors import InvariantBroken, TicTacToeError
from server.runtime.effects import (
    Await,
    Blocking,
    Effect,
    Effects,
    RemoteCall,
    Sleep,
    Submit,
    WithCommitLock,
)
from server.runtime.timers import Timer, Timers
from wire.later import Later

Result = TypeVar("Result")


class Host(Timers, Protocol):
    """What carries out the effects of procedures."""

    def call(self, method: str, arguments: tuple[Any, ...]) -> Later:
        """Call a method of the other server."""

    def in_thread(self, work: Callable[[], Any]) -> Later:
        """Do work that takes long. It may raise a TicTacToeError."""


class CommitLock(Protocol):
    """The order of commits: one procedure at a time has the commit lock.

    The primary uses ``commit.committer``. A main server that cannot commit uses ``commit.refusing_committer``.
    """

    def submit(self, stream: str, command: Any) -> Later:
        """Apply a command, and answer it.

        A request that was applied before gets its first answer. The ``Later`` fails with the command's Refusal or the
        error for which nothing is committed.
        """

    def locked(self, effects: Effects[Any]) -> Later:
        """Run a procedure with the commit lock held. The log does not grow meanwhile."""


class Procedure(Generic[Result]):
    """A running procedure."""

    def __init__(self, effects: Effects[Result], host: Host, commit_lock: CommitLock | None = None) -> None:
        """Prepare the procedure; ``begin`` runs it. Without ``commit_lock`` it must not need one."""
        self.ended = Later()
        """Settled with the procedure's result, or with the error that ended it."""
        self._effects = effects
        self._host = host
        self._commit_lock = commit_lock
        self._timer: Timer | None = None
        """The timer of the present ``Sleep``; None while the procedure does not sleep."""
        self._is_woken = False
        """Whether ``wake`` was called outside a ``Sleep``. Then the next one takes no time."""
        self._is_stepping = False
        self._result: tuple[Any, TicTacToeError | None] | None = None
        """The result of an effect that ended while it was being begun."""

    def begin(self) -> Later:
        """Run the procedure up to the first effect that takes time. Return ``ended``."""
        self._continue(None, None)
        return self.ended

    def wake(self) -> None:
        """End the present ``Sleep``, or the next one."""
        if self._timer is None:
            self._is_woken = True
        else:
            self._timer.cancel()
            self._timer = self._host.call_later(0.0, self._on_timer)

    def _continue(self, value: Any, error: TicTacToeError | None) -> None:
        """Continue with the result of an effect."""
        if self._is_stepping:
            self._result = value, error
            return
        self._is_stepping = True
        try:
            while True:
                try:
                    effect = self._effects.send(value) if error is None else self._effects.throw(error)
                except StopIteration as end:
                    self.ended.answer(end.value)
                    return
                except TicTacToeError as failure:
                    self.ended.fail(failure)
                    return
                self._perform(effect)
                result, self._result = self._result, None
                if result is None:
                    return
                value, error = result
        finally:
            self._is_stepping = False

    def _perform(self, effect: Effect) -> None:
        if isinstance(effect, RemoteCall):
            later = self._host.call(effect.method, effect.arguments)
        elif isinstance(effect, Sleep):
            seconds, self._is_woken = 0.0 if self._is_woken else effect.seconds, False
            self._timer = self._host.call_later(seconds, self._on_timer)
            return
        elif isinstance(effect, Blocking):
            later = self._host.in_thread(effect.work)
        elif isinstance(effect, Await):
            later = effect.later
            self.ended.on_abandon(later.abandon)
        elif self._commit_lock is None:
            raise InvariantBroken("this procedure runs where there is no commit lock")
        elif isinstance(effect, Submit):
            later = self._commit_lock.submit(effect.stream, effect.command)
        elif isinstance(effect, WithCommitLock):
            later = self._commit_lock.locked(effect.effects)
        else:
            answers = [self._commit_lock.submit(one.stream, one.command) for one in effect.commands]
            later = Procedure(_all_of(answers), self._host).begin()
        later.then(self._continue)

    def _on_timer(self) -> None:
        self._timer = None
        self._continue(None, None)


def _all_of(answers: Sequence[Later]) -> Effects[list[Any]]:
    """Wait for all of these; return their values, or raise the first error."""
    for answer in answers:
        with contextlib.suppress(TicTacToeError):
            yield Await(answer)
    for answer in answers:
        if answer.error is not None:
            raise answer.error
    return [answer.value for answer in answers]
