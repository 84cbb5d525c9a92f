"""The checker's own record of what main servers published. Nothing in the simulation reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from server.log.entries import Entry, StreamCopy
from simulator.cluster.service_clock_checker import ServiceClockChecker


@dataclass
class PublishedLog:
    """The record that all main servers of a schedule share."""

    published: dict[str, dict[int, Entry]] = field(default_factory=dict)
    """By stream and version: every event that a main server made visible. An event is never replaced by a different
    one."""
    forgotten: set[str] = field(default_factory=set)
    """The streams that a main server began to forget. It only grows."""
    findings: list[str] = field(default_factory=list)
    clock_checker: ServiceClockChecker = field(default_factory=ServiceClockChecker)
    """How service time passed."""

    def publish(self, entries: Iterable[Entry]) -> None:
        """Record visible events. No other event may ever have the same stream and version."""
        for entry in entries:
            self.clock_checker.record_published(entry)
            first = self.published.setdefault(entry.stream, {}).setdefault(entry.version, entry)
            if first.body != entry.body:
                change = f"was {first.body} and became {entry.body}"
                self.findings.append(f"G3: {entry.stream} version {entry.version} {change}")

    def publish_streams(self, copies: Iterable[StreamCopy]) -> None:
        """Record all events of these streams as visible, except the placeholders of lost events."""
        for copy in copies:
            self.publish(entry for entry in copy.entries if not entry.is_lost)
