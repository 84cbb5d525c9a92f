"""How long a role is not served: measured by its supervisor, counted for the metrics, recorded for people."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import structlog

from server.settings import Settings
from server.supervision.recovery_log import Recovery, RecoveryLog
from server.telemetry import metrics
from server.telemetry.counters import RECOVERY_BOUNDS_S, Distribution
from server.telemetry.metrics import Reading
from wire import MAIN

DIED = "died"
HUNG = "hung"

logger = structlog.get_logger()


class Outages:
    """The outages of one role, as one supervisor sees them. Only those that it ended are counted and recorded."""

    def __init__(self, role: str, settings: Settings) -> None:
        self._role = role
        self._log = RecoveryLog(settings)
        # When the service was lost (monotonic seconds); None while the role is served.
        self._lost_at: float | None = None
        # Whether the process hung. It is False while the role is served.
        self._hung = False
        self._recoveries = Counter(dict.fromkeys((DIED, HUNG), 0))
        self._took_s = Distribution(RECOVERY_BOUNDS_S)

    def begin(self, lost_at: float | None, *, hung: bool = False) -> None:
        """Record that the role is not served since ``lost_at``, unless that is known. None: it never was served."""
        if self._lost_at is None:
            self._lost_at, self._hung = lost_at, self._hung or hung

    def hang(self) -> None:
        """Record that the process hangs, and is ended for it."""
        self._hung = True

    def end(self, pid: int | None) -> None:
        """Record that the role is served again. ``pid``: the process, if this supervisor started it."""
        lost_at, self._lost_at = self._lost_at, None
        reason, self._hung = HUNG if self._hung else DIED, False
        if lost_at is None or pid is None:
            return
        took_s = time.monotonic() - lost_at
        self._recoveries[reason] += 1
        self._took_s.add(took_s)
        self._log.add(Recovery(self._role, pid, time.time() - took_s, round(took_s, 4)))
        logger.info("server replaced", other=self._role, pid=pid, reason=reason, took_s=round(took_s, 4))

    def readings(self) -> Iterator[Reading]:
        """Yield the metrics: takeovers for the main server, recoveries for the others."""
        took_s, count_of = metrics.TAKEOVER_S, metrics.TAKEOVERS
        labels: tuple[str, ...] = ()
        if self._role != MAIN:
            took_s, count_of, labels = metrics.RECOVERY_S, metrics.RECOVERIES, (self._role,)
        yield Reading(took_s, self._took_s, labels)
        for reason, count in self._recoveries.items():
            yield Reading(count_of, count, (*labels, reason))
