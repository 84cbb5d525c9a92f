"""The plan and the results of a demo, as values, and the report made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from verify.history.guarantees import Findings
from verify.testbed.kill_schedule import ALL_SERVERS
from verify.testbed.percentiles import percentiles
from wire import NAME_SERVER


@dataclass(frozen=True)
class DemoPlan:
    """The plan of a demo."""

    seconds: float = 20.0
    rooms: int = 8
    kill_every_s: float = 1.0
    seed: int = 7


@dataclass(frozen=True)
class Kill:
    """A kill: the roles, the time in seconds since the start, and how long its effects lasted."""

    roles: tuple[str, ...]
    at_s: float
    recovery_ms: float | None
    """Milliseconds from a kill of the main server to the next accepted move that was sent after it, in any room."""
    whole_ms: float
    """Milliseconds until all four processes ran again, with the replica in sync."""


@dataclass(frozen=True)
class DemoSummary:
    """The results of a demo."""

    plan: DemoPlan
    games_finished: int
    findings: Findings
    client_errors: tuple[str, ...]
    """The errors of clients that gave up. Each means that a move could not be made."""
    kills: Sequence[Kill]

    @property
    def clean(self) -> bool:
        """Return whether games were finished, no move was lost, doubled or out of order, and no client gave up."""
        return self.findings.clean and self.games_finished > 0 and not self.client_errors

    @property
    def kills_by_role(self) -> dict[str, int]:
        """Return how often each role was killed."""
        counted = Counter(role for kill in self.kills for role in kill.roles)
        return {role: counted[role] for role in (*ALL_SERVERS, NAME_SERVER)}

    def as_plain(self) -> dict[str, object]:
        """Return the report as a dictionary for JSON."""
        recoveries = [kill.recovery_ms for kill in self.kills if kill.recovery_ms is not None]
        return {
            "games_finished": self.games_finished,
            "moves_acked": self.findings.acked,
            "moves_lost": len(self.findings.lost),
            "moves_doubled": len(self.findings.doubled),
            "views_out_of_order": len(self.findings.out_of_order),
            "kills": self.kills_by_role,
            "recovery_ms": percentiles(recoveries),
            "whole_ms": percentiles([kill.whole_ms for kill in self.kills]),
            "blows": [vars(kill) for kill in self.kills],
            "findings": [*self.findings.all, *self.client_errors],
            **vars(self.plan),
        }
