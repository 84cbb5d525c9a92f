"""What a server tries again and again, reported at a bounded rate, so that nothing fails in silence for ever.

Lives here: when a failure is worth a line in the log, and what ``cluster status`` and the metrics report of it. Nothing
here tries anything, and nothing here waits.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import structlog

from wire.errors import TicTacToeError

CHANGED_S = 1.0
"""A new reason is logged at once, but no more often than this."""
AGAIN_S = 30.0
"""The same reason is logged again after this, with the number of failures."""
TAKEOVER_S = 3.0
"""A server that died is replaced in less, so those that call it have this much patience."""

logger = structlog.get_logger()


class Trouble(NamedTuple):
    """Why something has failed at the last try, since when it does (seconds since 1970), and how often in a row."""

    why: str
    since: float
    failures: int

    def as_plain(self) -> dict[str, object]:
        """The trouble as a dictionary of what JSON knows."""
        return self._asdict()


class Retries:
    """The failures of one task that is tried until it succeeds. One thread at a time reports; any thread may read."""

    def __init__(
        self,
        event: str,
        *,
        patience_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        date: Callable[[], float] = time.time,
        **fields: object,
    ) -> None:
        """``event`` and ``fields`` are those of the line in the log. ``patience_s``: for so long failures are normal,
        as during a takeover, and not logged.
        """
        self._event = event
        self._fields = fields
        self._patience_s = patience_s
        self._clock = clock
        self._date = date
        self.trouble: Trouble | None = None
        """What is wrong now; None after a success."""
        self.codes: Counter[str] = Counter()
        """How often it failed since this process began, by the code of the error."""
        self._began = 0.0
        self._logged: tuple[float, str] | None = None
        """When this trouble was logged for the last time, and why; None if it was not yet."""
        self._last_line = float("-inf")

    def failed(self, error: TicTacToeError) -> None:
        """The last try failed."""
        self.failed_because(error.message, error.code)

    def failed_because(self, why: str, code: str) -> None:
        """The same, where no error of the family was raised."""
        self.codes[code] += 1
        before, now = self.trouble, self._clock()
        if before is None:
            self._began = now
        self.trouble = Trouble(why, before.since if before else self._date(), before.failures + 1 if before else 1)
        if self._is_worth_a_line(why, now):
            self._logged, self._last_line = (now, why), now
            logger.warning(
                self._event, **self._fields, why=why, failures=self.trouble.failures, for_s=round(now - self._began, 1)
            )

    def succeeded(self) -> None:
        """The last try succeeded."""
        before, self.trouble = self.trouble, None
        if before is not None and self._logged is not None:
            logger.info("succeeded at last", after=self._event, **self._fields, failures=before.failures)
        self._logged = None

    def _is_worth_a_line(self, why: str, now: float) -> bool:
        if self._logged is None:
            return now - self._began >= self._patience_s and now - self._last_line >= CHANGED_S
        at, logged = self._logged
        return now - at >= (CHANGED_S if why != logged else AGAIN_S)
