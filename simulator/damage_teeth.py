"""Deliberate faults in how damaged rows of a journal are found and mended."""

from __future__ import annotations

from typing import Any

from server import journal_rows, scrub
from server.conversation import Conversation
from server.copy_keeper import CopyKeeper
from server.entries import Office
from server.repair import Repair
from server.row_format import Kind
from server.scrub import Scrub
from simulator.tooth import tooth


def _is_sound(_kind: Kind, _row: journal_rows.Columns) -> bool:
    return True


tooth(
    "sums-are-not-checked",
    "a row that was edited is served as it is",
    journal_rows,
    "is_sound",
    also=((scrub, "is_sound", _is_sound),),
)(_is_sound)


@tooth("damage-is-not-fetched", "what is damaged in the main server's journal stays so", Repair, "_mend_own")
def _mend_own(_self: Repair, _office: Office, _stream: str) -> Conversation[None]:
    yield from ()


@tooth("damage-is-not-reported", "the replica keeps to itself that its copy is damaged", CopyKeeper, "more_beat")
def _more_beat(_self: CopyKeeper) -> dict[str, object]:
    return {}


@tooth("no-scrub", "damage is found where something is read alone", Scrub, "_pages")
def _pages(_self: Scrub, _connection: Any) -> Any:
    return iter(())
