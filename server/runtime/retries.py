"""Reports tasks that a server retries, at a bounded rate, so that no task fails silently for ever.

``Retries`` decides when a failure is worth a log line, and what ``cluster status`` and the metrics report. It never
runs the task and never waits.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import structlog

from wire.errors import TicTacToeError

LOG_NEW_REASON_S = 1.0
"""Seconds. A new reason is logged at once, but not more often than this."""
LOG_AGAIN_S = 30.0
"""Seconds after which the same reason is logged again, with the number of failures."""
TAKEOVER_S = 3.0
"""Seconds. A server that died is replaced in less time, so its callers wait this long before they log."""

logger = structlog.get_logger()


class Trouble(NamedTuple):
    """Why the last attempt failed, since when attempts fail (seconds since 1970), and how many in a row."""

    why: str
    since: float
    failures: int


class Retries:
    """The failures of one task that is retried until it succeeds. One thread at a time reports; any thread may read."""

    def __init__(
        self,
        event: str,
        *,
        log_after_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        **fields: object,
    ) -> None:
        """``event`` and ``fields`` are those of the log line.
        ``log_after_s``: failures are normal for this long, as during a takeover, and are not logged.
        """
        self._event = event
        self._fields = fields
        self._log_after_s = log_after_s
        self._clock = clock
        self._wall_clock = wall_clock
        self.trouble: Trouble | None = None
        """What is wrong now; None after a success."""
        self.codes: Counter[str] = Counter()
        """Failures since this process began, by error code. They only grow."""
        # When the current trouble began, on ``clock``; valid while ``trouble`` is set.
        self._began = 0.0
        self._logged: tuple[float, str] | None = None
        """When this trouble was last logged, and its reason; None if it was not logged yet."""
        self._last_logged_at = float("-inf")

    @contextlib.contextmanager
    def attempt(self, error_kind: type[TicTacToeError] = TicTacToeError) -> Iterator[None]:
        """Record whether the block succeeds. An error of ``error_kind`` is recorded, and ends with the block."""
        try:
            yield
        except error_kind as error:
            self.failed(error)
        else:
            self.succeeded()

    def failed(self, error: TicTacToeError) -> None:
        """Record that the last attempt failed."""
        self.failed_with(error.message, error.code)

    def failed_with(self, why: str, code: str) -> None:
        """Record a failure that is not a TicTacToeError."""
        self.codes[code] += 1
        before, now = self.trouble, self._clock()
        if before is None:
            self._began = now
        self.trouble = Trouble(
            why, before.since if before else self._wall_clock(), before.failures + 1 if before else 1
        )
        if self._should_log(why, now):
            self._logged, self._last_logged_at = (now, why), now
            logger.warning(
                self._event, **self._fields, why=why, failures=self.trouble.failures, for_s=round(now - self._began, 1)
            )

    def succeeded(self) -> None:
        """Record that the last attempt succeeded."""
        before, self.trouble = self.trouble, None
        if before is not None and self._logged is not None:
            logger.info("succeeded again", after=self._event, **self._fields, failures=before.failures)
        self._logged = None

    def _should_log(self, why: str, now: float) -> bool:
        if self._logged is None:
            return now - self._began >= self._log_after_s and now - self._last_logged_at >= LOG_NEW_REASON_S
        at, logged = self._logged
        return now - at >= (LOG_NEW_REASON_S if why != logged else LOG_AGAIN_S)
