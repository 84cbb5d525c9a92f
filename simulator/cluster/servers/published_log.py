"""What main servers did, as nobody in the simulated world can see it: the judge's own notes."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.log.entries import Entry
from simulator.cluster.servers.service_clock_checker import ServiceClockChecker


@dataclass
class PublishedLog:
    """Kept by all main servers of a schedule."""

    published: dict[str, dict[int, Entry]] = field(default_factory=dict)
    """Every event that any of them made visible: by stream and version."""
    forgotten: set[str] = field(default_factory=set)
    """The streams that any of them began to drop."""
    findings: list[str] = field(default_factory=list)
    hours: ServiceClockChecker = field(default_factory=ServiceClockChecker)
    """How service time passed."""

    def publish(self, entry: Entry) -> None:
        """Anybody may have seen this event: nothing else may ever stand there."""
        self.hours.published(entry)
        first = self.published.setdefault(entry.stream, {}).setdefault(entry.version, entry)
        if first.body != entry.body:
            self.findings.append(f"G3: {entry.stream} version {entry.version} was {first.body} and became {entry.body}")
