"""Mutations in how damaged rows of a journal are found and repaired."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from server.log.entries import Epoch
from server.log.journal import rows
from server.log.row_format import Kind
from server.replication import scrub
from server.replication.repair import Repair
from server.replication.replica_service import ReplicaService
from server.replication.scrub import Scrub
from server.runtime.effects import Effects
from simulator.cluster.checker import Checker
from simulator.mutations.mutation import mutation


def _is_sound(kind: Kind, row: rows.Columns, original: Any = rows.is_sound) -> bool:
    without_sum = (*row[:5], None)
    sound: bool = original(kind, without_sum)
    return sound


def _nothing_damaged(_self: Checker) -> Iterator[str]:
    """Switch off the checker's own look at the disk, so that it must find the damage in what is served."""
    return iter(())


mutation(
    "sums-are-not-checked",
    "a readable row counts as sound, also an edited one",
    rows,
    "is_sound",
    also=((scrub, "is_sound", _is_sound), (Checker, "_damaged", _nothing_damaged)),
)(_is_sound)


@mutation("damage-is-not-fetched", "damage in the main server's journal is not repaired", Repair, "_mend_own")
def _mend_own(_self: Repair, _epoch: Epoch, _stream: str) -> Effects[None]:
    yield from ()


@mutation("damage-is-not-reported", "the replica does not report that its copy is damaged", ReplicaService, "more_beat")
def _more_beat(_self: ReplicaService) -> dict[str, object]:
    return {}


@mutation("no-scrub", "damage is found only where something is read", Scrub, "_pages")
def _pages(_self: Scrub, _connection: Any) -> Any:
    return iter(())
