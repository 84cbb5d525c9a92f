"""Asking a server for its metrics as Prometheus does, and reading the answer with prometheus-client's own parser."""

from __future__ import annotations

import http.client
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from server.settings import Settings
from server.telemetry import metrics as m
from tests.conditions import wait_until
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.rpc import Address

ALL = tuple(metric for metric in vars(m).values() if isinstance(metric, m.Metric))
OF_A_COPY = (m.EPOCH, m.POSITION, m.DAMAGED, m.DAMAGE_FOUND, m.DAMAGE_MENDED, m.SCRUBBED, m.SCRUB_FINISHED)
OF_ROLE = {
    MAIN: (
        *(m.IS_PRIMARY, m.READ_ONLY, m.ROOMS, m.ROOMS_IN_MEMORY, m.NAMES, m.RECORDS, m.PLAYERS, m.WATCHERS),
        *(m.CALLERS_WAITING, m.COMMANDS_WAITING, m.MOVES, m.MOVE_S, m.EVENTS, m.GAMES, m.COMMITS, m.COMMIT_S, m.BATCH),
        *(m.DEGRADED, m.DEGRADED_S, m.LAG, *OF_A_COPY),
    ),
    COMMUNICATION: (m.LOBBY_ROOMS, m.LOBBY_COMPLETE, m.CALLERS_WAITING, m.SEEKERS, m.ONLINE),
    REPLICATION: OF_A_COPY,
}
OF_THE_PROCESS = tuple(
    f"process_{name}"
    for name in (
        *("cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "start_time_seconds"),
        *("open_fds", "max_fds"),
    )
)
"""The metrics that prometheus-client adds for every process, on Linux."""

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


class Scrape:
    """One answer: its families by name, and its samples."""

    def __init__(self, text: str) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples: Samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """The value of a sample; a KeyError if there is none."""
        return self.samples[name, frozenset(labels.items())]

    def says(self, name: str, **labels: str) -> bool:
        """Whether there is such a sample."""
        return (name, frozenset(labels.items())) in self.samples


def ask(address: Address, path: str = "/metrics", method: str = "GET") -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body. Raises OSError."""
    connection = http.client.HTTPConnection(*address, timeout=5.0)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def address_of(settings: Settings, role: str) -> Address:
    """Where that server tells its metrics."""
    return Address(settings.metrics_host, settings.metrics_port_of(role))


def scrape(settings: Settings, role: str) -> Scrape:
    """What that server tells, waited for: it opens the port a moment after it serves."""

    def told() -> bytes:
        try:
            status, headers, body = ask(address_of(settings, role))
        except OSError:
            return b""
        assert status == 200
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return body

    return Scrape(wait_until(told, what=f"metrics of {role}").decode())
