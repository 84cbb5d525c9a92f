"""When to try again: pauses that grow, with jitter, up to a deadline. Knows no network."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from wire.errors import Busy, DeadlineExceeded, Fenced, NotReady, TicTacToeError, Unreachable

FIRST_PAUSE_S = 0.002
GROWTH = 1.6
SHORT_PAUSE_S = 0.03
"""The longest pause of the first second: a takeover is over in less, and nobody should wait for the client then."""
LONGEST_PAUSE_S = 1.0

_CHANCE = random.Random()


def worth_another_try(error: TicTacToeError) -> bool:
    """Whether the same call may succeed a moment later: nobody is there, or somebody who cannot at this moment."""
    return isinstance(error, (Unreachable, NotReady, Busy, Fenced))


def pauses(
    clock: Callable[[], float] = time.monotonic, chance: random.Random = _CHANCE, *, began: float | None = None
) -> Callable[[], float]:
    """A function that says how long to wait before the next try: "full jitter", between nothing and a growing bound.

    ``began``: when the first try began, by that clock; by default now. See Brooker, "Exponential Backoff And Jitter"
    (2015).
    """
    began = clock() if began is None else began
    bound = FIRST_PAUSE_S

    def pause() -> float:
        nonlocal bound
        longest = SHORT_PAUSE_S if clock() - began < 1.0 else LONGEST_PAUSE_S
        bound = min(bound * GROWTH, longest) if clock() - began < 1.0 else min(bound * GROWTH, LONGEST_PAUSE_S)
        return chance.uniform(0.0, bound)

    return pause


class Tries:
    """The tries of one call, up to its deadline."""

    def __init__(self, deadline_s: float, *, attempt_s: float) -> None:
        """``deadline_s``: when to give up, from now on. ``attempt_s``: the longest wait for one answer. In seconds."""
        self._deadline_s = deadline_s
        self._attempt_s = attempt_s
        self._began = time.monotonic()
        self._pause: Callable[[], float] | None = None
        self._may_be_done = False

    def timeout_s(self) -> float:
        """How long the next try may wait for its answer."""
        return max(0.05, min(self._attempt_s, self._began + self._deadline_s - time.monotonic()))

    def pause_after(self, error: TicTacToeError) -> float:
        """How long to wait, in seconds, before the try after the one that failed with ``error``.

        Raises ``error`` when another try is of no use, or when time is up; and then DeadlineExceeded if any failure
        leaves it open whether the call was carried out.
        """
        if not worth_another_try(error):
            raise error
        self._pause = self._pause or pauses(began=self._began)
        pause_s = self._pause()
        self._may_be_done = self._may_be_done or isinstance(error, Unreachable)
        if time.monotonic() + pause_s < self._began + self._deadline_s:
            return pause_s
        if self._may_be_done:
            raise DeadlineExceeded(f"no answer within {self._deadline_s:g} s: {error.message}") from None
        raise error
