"""Asking a server for its metrics as Prometheus does, and reading the answer with prometheus-client's own parser."""

from __future__ import annotations

import http.client
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from server.settings import Settings
from tests.conditions import wait_until
from wire.rpc import Address

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
