"""The replication server's copy: what it has said is in its journal, or was never said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.compaction import Compactor
from server.copy_keeper import CopyKeeper
from server.entries import START, Office
from server.faults import Faults
from server.journal import Journal, open_journal
from server.streams import Streams
from wire.errors import Fenced, StorageFailed


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "journal.db")
    yield journal
    journal.close()


@pytest.fixture
def keeper(journal: Journal) -> CopyKeeper:
    node: Any = None  # only heartbeats and the status ask for it
    compactor = Compactor(journal, Streams(most_people=10), every=9, keep_events=9, upto=lambda: journal.last.position)
    return CopyKeeper(node, journal, compactor, Faults(""))


@pytest.mark.parametrize("promise", ["attach", "take_office"])
def test_g4_a_promise_that_could_not_be_written_is_not_known_either(
    journal: Journal, keeper: CopyKeeper, promise: str
) -> None:
    journal._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageFailed):
        getattr(keeper, promise)(3, "c")
    assert keeper.standing() == {"office": Office(0, ""), "last": START}
    journal._connection.execute("PRAGMA query_only = OFF")
    getattr(keeper, promise)(3, "c")
    assert keeper.standing()["office"] == journal.office == Office(3, "c")
    assert keeper.attach(3, "c") == START
    with pytest.raises(Fenced):
        keeper.attach(3, "d")
