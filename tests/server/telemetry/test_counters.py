"""Counting, and the text that is made of it: pure."""

from __future__ import annotations

import bisect
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.telemetry import metrics
from server.telemetry.counters import MOVE_BOUNDS_S, REPORTED_CODES, Distribution, Stopwatch, Traffic
from server.telemetry.metrics import Reading
from server.telemetry.metrics_port import text_of
from tests.server.telemetry.scraping import ALL, Scrape

SOME = (1.0, 2.0, 4.0)


@given(st.lists(st.floats(0.0, 10.0)))
def test_each_value_is_counted_up_to_the_first_bound_that_is_not_below_it(values: list[float]) -> None:
    counted = Distribution(SOME)
    for value in values:
        counted.add(value)
    assert sum(counted.counts) == len(values)
    assert counted.total == pytest.approx(sum(values))
    for place, bound in enumerate(SOME):
        assert sum(counted.counts[: place + 1]) == bisect.bisect_right(sorted(values), bound)


def test_a_stopwatch_counts_while_it_runs() -> None:
    now = [10.0]
    watch = Stopwatch(running=True, clock=lambda: now[0])
    now[0] = 12.0
    assert watch.seconds == 2.0
    watch.set(True)
    watch.set(False)
    now[0] = 20.0
    watch.set(False)
    assert watch.seconds == 2.0
    watch.set(True)
    now[0] = 21.5
    assert watch.seconds == 3.5


def test_calls_that_many_threads_answer_are_all_counted() -> None:
    traffic = Traffic()

    def answer() -> None:
        for _ in range(2000):
            traffic.answered("move", None, 0.002)
            traffic.answered("move", "not_your_turn", 0.001)
            traffic.answered(["no", "method"], "invalid_argument", 0.001)
            traffic.answered({}, None, 0.001)

    threads = [threading.Thread(target=answer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(traffic.move_s.counts) == 8000
    assert {code: count for code, count in traffic.refused.items() if count} == {
        "not_your_turn": 8000,
        "invalid_argument": 8000,
    }


def test_readings_become_what_prometheus_reads() -> None:
    moves = Distribution(MOVE_BOUNDS_S)
    for value in (0.0004, 0.001, 0.0011, 9.0):
        moves.add(value)
    told = Scrape(
        text_of(
            [
                Reading(metrics.MOVE_S, moves),
                Reading(metrics.ROOMS, 7),
                Reading(metrics.REFUSED, 2, ("clients", 'od"d\n')),
                Reading(metrics.REFUSED, 3, ("clients", "busy")),
            ]
        ).decode()
    )
    assert told.value("tictactoe_rooms") == 7
    assert told.value("tictactoe_refused_requests_total", port="clients", code='od"d\n') == 2
    assert told.value("tictactoe_refused_requests_total", port="clients", code="busy") == 3
    name = "tictactoe_move_duration_seconds"
    assert told.value(f"{name}_bucket", le="0.0005") == 1
    assert told.value(f"{name}_bucket", le="0.001") == 2
    assert told.value(f"{name}_bucket", le="2.5") == 3
    assert told.value(f"{name}_bucket", le="+Inf") == told.value(f"{name}_count") == 4
    assert told.value(f"{name}_sum") == pytest.approx(9.0025)


def test_a_value_of_another_kind_is_not_told() -> None:
    with pytest.raises(TypeError, match="tictactoe_rooms"):
        text_of([Reading(metrics.ROOMS, Distribution(SOME))])


def test_errors_that_alerts_wait_for_are_told_before_there_is_one() -> None:
    assert set(REPORTED_CODES) == {"busy", "storage_failed", "internal_error", "invariant_broken"}
    assert {code: Traffic().refused[code] for code in REPORTED_CODES} == dict.fromkeys(REPORTED_CODES, 0)


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_names_follow_prometheus_conventions(metric: metrics.Metric) -> None:
    assert metric.name.startswith("tictactoe_")
    assert (metric.kind == "counter") == metric.name.endswith("_total")
    if "duration" in metric.name:
        assert "_seconds" in metric.name
    assert not {"room", "name", "by", "request_id", "player"} & set(metric.labels)


def test_no_two_metrics_have_one_name() -> None:
    assert len({metric.name for metric in ALL}) == len(ALL)
