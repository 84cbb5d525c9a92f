"""The outages of a role: what is counted and recorded is what this supervisor ended, with its reason."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from server.supervision.outages import Outages
from server.supervision.recovery_log import RecoveryLog
from server.telemetry.counters import Distribution
from server.telemetry.metrics import RECOVERIES, RECOVERY_S, TAKEOVER_S, TAKEOVERS
from verify.testbed.local_cluster import sandbox_settings
from wire import COMMUNICATION, MAIN


def counted(outages: Outages) -> dict[str, object]:
    """The number of recoveries by reason."""
    counts = (TAKEOVERS, RECOVERIES)
    return {reading.labels[-1]: reading.value for reading in outages.readings() if reading.metric in counts}


def test_a_process_that_was_not_started_here_is_not_counted(tmp_path: Path) -> None:
    outages = Outages(MAIN, sandbox_settings(tmp_path))
    outages.begin(time.monotonic())
    outages.end(None)
    outages.end(7)
    assert counted(outages) == {"died": 0, "hung": 0}, "the second end is none: the role was served"


def test_an_outage_lasts_from_its_first_sign(tmp_path: Path) -> None:
    settings = sandbox_settings(tmp_path)
    (settings.data / "run").mkdir(parents=True)
    outages = Outages(COMMUNICATION, settings)
    outages.begin(time.monotonic() - 5.0)
    outages.begin(time.monotonic(), hung=True)
    outages.end(7)
    assert counted(outages) == {"died": 1, "hung": 0}, "it died; what came later is the same outage"
    (took_s,) = [reading.value for reading in outages.readings() if reading.metric is RECOVERY_S]
    assert isinstance(took_s, Distribution)
    assert took_s.total == pytest.approx(5.0, abs=1.0)
    (recovery,) = RecoveryLog(settings).last([COMMUNICATION])
    assert (recovery.role, recovery.pid) == (COMMUNICATION, 7)
    assert recovery.took_s == pytest.approx(5.0, abs=1.0)


def test_a_process_that_is_ended_hung_and_the_next_one_may_die(tmp_path: Path) -> None:
    settings = sandbox_settings(tmp_path)
    (settings.data / "run").mkdir(parents=True)
    outages = Outages(MAIN, settings)
    outages.hang()  # it never served, so there is no date of its loss yet
    outages.begin(time.monotonic())
    outages.end(7)
    outages.begin(time.monotonic())
    outages.end(8)
    assert counted(outages) == {"died": 1, "hung": 1}
    assert {reading.metric for reading in outages.readings()} == {TAKEOVERS, TAKEOVER_S}
