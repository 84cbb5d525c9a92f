"""Readings as the text that Prometheus scrapes, built from prometheus-client's metric families.

The import of that library takes 20 ms of a processor, and a server in a takeover has none to spare. So only the metrics
thread imports this module, once the server works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import (
    Metric as Family,
)
from prometheus_client.registry import Collector

from server.telemetry.counters import Distribution
from server.telemetry.metrics import Metric, Reading

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Exposition(Collector):
    """The metrics of one server, as text."""

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        self._read = read
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return all current metrics in the text format 0.0.4."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Family]:
        """Return nothing: otherwise the library would read all metrics once to learn the names."""
        return ()

    def collect(self) -> Iterator[Family]:
        """Yield the family of each metric, once."""
        families: dict[Metric, Family] = {}
        for metric, value, labels in self._read():
            if metric not in families:
                families[metric] = _family(metric)
            _add(families[metric], labels, value)
        yield from families.values()


def _family(metric: Metric) -> Family:
    kind = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "histogram": HistogramMetricFamily}[metric.kind]
    family: Family = kind(metric.name, metric.meaning, labels=metric.labels)
    return family


def _add(family: Family, labels: tuple[str, ...], value: float | Distribution) -> None:
    if isinstance(family, HistogramMetricFamily) and isinstance(value, Distribution):
        family.add_metric(labels, *_cumulated(value))
    elif isinstance(family, (CounterMetricFamily, GaugeMetricFamily)) and not isinstance(value, Distribution):
        family.add_metric(labels, value)
    else:
        raise TypeError(f"{family.name} is told a value of another kind")


def _cumulated(distribution: Distribution) -> tuple[list[tuple[str, float]], float]:
    """Return the cumulative count for each bound, as Prometheus defines it, and the sum."""
    counts, total = list(distribution.counts), distribution.total
    bounds = [*(repr(bound) for bound in distribution.bounds), "+Inf"]
    return [(bound, float(sum(counts[: place + 1]))) for place, bound in enumerate(bounds)], total
