"""When to try again: pauses that grow, with jitter, up to a deadline. Knows no network."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from wire.errors import Busy, DeadlineExceeded, Fenced, NotReady, TicTacToeError, Unreachable

FIRST_PAUSE_S = 0.002
GROWTH = 1.6
SHORT_PAUSE_S = 0.03
"""The longest pause of the first second: a takeover is over in less, and nobody should wait for the client then."""
LONGEST_PAUSE_S = 1.0

_CHANCE = random.Random()

Result = TypeVar("Result")


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


def until_deadline(
    attempt: Callable[[float], Result], *, deadline_s: float, attempt_s: float, on_failure: Callable[[], None]
) -> Result:
    """Call ``attempt(timeout_s)`` until it succeeds, fails for good, or ``deadline_s`` seconds have passed.

    ``on_failure`` is called before each further try. Raises the last error when time is up; if any leaves it open
    whether the call was carried out, it is DeadlineExceeded.
    """
    unknown = False
    began = time.monotonic()
    ends_at = began + deadline_s
    pause: Callable[[], float] | None = None
    while True:
        try:
            return attempt(max(0.05, min(attempt_s, ends_at - time.monotonic())))
        except TicTacToeError as error:
            pause = pause or pauses(began=began)
            wait_s = pause()
            unknown = unknown or isinstance(error, Unreachable)
            if not worth_another_try(error):
                raise
            if time.monotonic() + wait_s >= ends_at:
                if unknown:
                    raise DeadlineExceeded(f"no answer within {deadline_s:g} s: {error.message}") from None
                raise
            on_failure()
            time.sleep(wait_s)
