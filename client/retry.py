"""When to retry: pauses that grow, with jitter, up to a deadline. No network calls here."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from wire.errors import Busy, DeadlineExceeded, Fenced, NotReady, TicTacToeError, Unreachable

FIRST_PAUSE_S = 0.002
GROWTH = 4.0
SHORT_PAUSE_S = 0.04
"""The longest pause during the first second, in which most takeovers end. A longer pause would lengthen them, and
shorter ones would, too: where clients and servers share processors, attempts take the time of the server that starts.
"""
LONGEST_PAUSE_S = 1.0

_CHANCE = random.Random()


def is_retryable(error: TicTacToeError) -> bool:
    """Return whether the same call may succeed soon: no server answered, or it cannot serve now."""
    return isinstance(error, (Unreachable, NotReady, Busy, Fenced))


def backoff(
    clock: Callable[[], float] = time.monotonic, chance: random.Random = _CHANCE, *, began: float | None = None
) -> Callable[[], float]:
    """Return a function that computes the pause before the next attempt, in seconds.

    "Equal jitter": uniform between the half of a growing bound and the bound. ``began``: the start of the first attempt
    on ``clock``; now by default. See Brooker, "Exponential Backoff And Jitter" (2015).
    """
    began = clock() if began is None else began
    bound = FIRST_PAUSE_S

    def pause() -> float:
        nonlocal bound
        longest = SHORT_PAUSE_S if clock() - began < 1.0 else LONGEST_PAUSE_S
        bound = min(bound * GROWTH, longest)
        return chance.uniform(bound / 2, bound)

    return pause


class Attempts:
    """The attempts of a call, up to its deadline."""

    def __init__(self, deadline_s: float, *, attempt_s: float) -> None:
        """``deadline_s``: when to give up, from now. ``attempt_s``: the longest wait for an answer. In seconds."""
        self._deadline_s = deadline_s
        self._attempt_s = attempt_s
        self._began = time.monotonic()
        self._pause: Callable[[], float] | None = None
        # True once an attempt leaves open whether the call was carried out: there was no answer, or the primary was
        # fenced after it had written the command.
        self._may_be_done = False

    def timeout_s(self) -> float:
        """Return how long the next attempt may wait for its answer, in seconds."""
        return max(0.05, min(self._attempt_s, self._began + self._deadline_s - time.monotonic()))

    def pause_after(self, error: TicTacToeError) -> float:
        """Return the pause in seconds after an attempt that failed with ``error``.

        Raises ``error`` if a retry cannot help, or if the time is up. If the time is up and an attempt may have been
        carried out, raises DeadlineExceeded.
        """
        if not is_retryable(error):
            raise error
        self._pause = self._pause or backoff(began=self._began)
        pause_s = self._pause()
        self._may_be_done = self._may_be_done or isinstance(error, (Unreachable, Fenced))
        if time.monotonic() + pause_s < self._began + self._deadline_s:
            return pause_s
        if self._may_be_done:
            raise DeadlineExceeded(f"no answer within {self._deadline_s:g} s: {error.message}") from None
        raise error
