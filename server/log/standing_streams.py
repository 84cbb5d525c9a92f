"""Two kinds of streams that stand by themselves: the volumes of the book of records, and the one of the whole cluster.

As ``streams.Kind`` has them; pure. Records are numbered through all volumes, from 1, and never compacted away: a
volume's version is how many it has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from game import cluster_state as service
from game.errors import check
from game.forms import records
from game.forms.records import RECORDS_OF_A_VOLUME, Record
from game.moment import Moment
from game.plain_values import whole

VOLUME = "book/"
SERVICE = "service/"
THE_SERVICE = f"{SERVICE}all"
"""The one stream of its kind."""


class Volume(NamedTuple):
    """A volume of the book: how many records it has."""

    version: int = 0


@dataclass(frozen=True, slots=True)
class Enter:
    """Put a record into the book, as the one of that number."""

    number: int
    record: Record


def volume_stream(number: int) -> str:
    """The volume that has, or will have, the record of that number."""
    return f"{VOLUME}{(number - 1) // RECORDS_OF_A_VOLUME}"


def is_volume(stream: str) -> bool:
    """Whether that is the name of a volume."""
    return re.fullmatch(r"book/(0|[1-9][0-9]{0,8})", stream) is not None


def first_of_volume(stream: str) -> int:
    """The number of its first record."""
    return int(stream[len(VOLUME) :]) * RECORDS_OF_A_VOLUME + 1


class Volumes:
    """The volumes of the book."""

    keeps_events = True

    def nothing(self, stream: str) -> Volume:  # noqa: ARG002  # the shape of a Kind
        return Volume()

    def request(self, command: Enter) -> Hashable:
        return command.number

    def answered(self, state: Volume, command: Enter) -> Mapping[str, object] | None:  # noqa: ARG002
        return None  # nobody asks for it: it comes along with what is recorded

    def forgotten(self, before: Volume, after: Volume) -> Mapping[Hashable, Mapping[str, object]]:  # noqa: ARG002
        return {}

    def answer(self, state: Volume, command: Enter) -> Mapping[str, object]:  # noqa: ARG002
        return {"number": command.number}

    def decide(self, state: Volume, command: Enter, now: Moment) -> Sequence[Record]:  # noqa: ARG002
        expected = (command.number - 1) % RECORDS_OF_A_VOLUME
        check(state.version == expected, "records are numbered one after the other")
        return (command.record,)

    def evolve(self, state: Volume, event: Record) -> Volume:  # noqa: ARG002
        return Volume(state.version + 1)

    def record(self, before: Volume, event: Record, after: Volume) -> None:  # noqa: ARG002
        return None

    def row(self, state: Volume) -> Mapping[str, object]:
        return state._asdict()

    def from_row(self, row: Mapping[str, Any]) -> Volume:
        return Volume(whole(row["version"], "version"))

    def write_event(self, event: Record) -> str:
        return _json(records.to_plain(event))

    def read_event(self, body: str) -> Record:
        return records.from_plain(json.loads(body))

    def write_state(self, state: Volume) -> str:
        return _json(state._asdict())

    def read_state(self, body: str) -> Volume:
        return self.from_row(json.loads(body))


class ServiceStream:
    """What holds for the whole cluster."""

    keeps_events = False

    def nothing(self, stream: str) -> service.Service:  # noqa: ARG002  # the shape of a Kind
        return service.Service()

    def request(self, command: service.Tick | service.Drain) -> Hashable:
        return object(), command  # none is the retry of another: done twice, each is as good as done once

    def answered(self, state: service.Service, command: object) -> Mapping[str, object] | None:  # noqa: ARG002
        return None

    def forgotten(self, before: object, after: object) -> Mapping[Hashable, Mapping[str, object]]:  # noqa: ARG002
        return {}

    def answer(self, state: service.Service, command: object) -> Mapping[str, object]:  # noqa: ARG002
        return service.encode(state)

    def decide(
        self, state: service.Service, command: service.Tick | service.Drain, now: Moment
    ) -> Sequence[service.Happened]:
        return service.decide(state, command, now)

    def evolve(self, state: service.Service, event: service.Happened) -> service.Service:
        return service.evolve(state, event)

    def record(self, before: service.Service, event: object, after: service.Service) -> None:  # noqa: ARG002
        return None

    def row(self, state: service.Service) -> Mapping[str, object]:
        return service.encode(state)

    def from_row(self, row: Mapping[str, Any]) -> service.Service:
        return service.decode(row)

    def write_event(self, event: service.Happened) -> str:
        return _json(service.to_plain(event))

    def read_event(self, body: str) -> service.Happened:
        return service.from_plain(json.loads(body))

    def write_state(self, state: service.Service) -> str:
        return _json(service.encode(state))

    def read_state(self, body: str) -> service.Service:
        return service.decode(json.loads(body))


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
