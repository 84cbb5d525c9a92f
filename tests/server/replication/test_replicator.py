"""The primary's side of replication, asked step by step what it would send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.log.entries import Entry, Epoch, LogId
from server.log.journal.compaction import Compactor
from server.log.journal.file import open_journal
from server.log.journal.journal import Journal
from server.replication.primary import Primary
from server.replication.replicator import Replicator
from server.runtime.effects import Blocking, RemoteCall, WithCommitLock
from server.runtime.failpoints import Failpoints
from tests.server.log.journal.test_compaction import ROOM, compactor, history


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "journal.db")
    journal.begin_term(Epoch(1, "me"))
    journal.append([entry for _, entry in history(8)])
    yield journal
    journal.close()


@pytest.fixture
def compaction(journal: Journal) -> Compactor:
    compaction = compactor(journal)
    compaction.count_entries([entry for _, entry in history(8)])
    return compaction


@pytest.fixture
def link(journal: Journal, compaction: Compactor) -> Replicator:
    return Replicator(
        Primary(journal.epoch, journal.last, journal.terms),
        journal,
        compaction,
        faults=Failpoints(""),
        step_down=pytest.fail,
        wake=lambda: None,
        piece_bytes=1,
    )


@pytest.mark.parametrize(
    ("forgotten_at", "first"), [(0, "begin_copy"), (7, "begin_copy"), (8, "append"), (9, "append")]
)
def test_a_replica_that_lacks_the_last_deletion_gets_a_whole_copy(
    link: Replicator, journal: Journal, forgotten_at: int, first: str
) -> None:
    """Also a replica that was put back to the moment before the deletion."""
    journal.forget(["room/gone"])
    attaching = link._attach()
    asked, answers = next(attaching), {"attach": (1, 3, "me"), "forgotten_at": forgotten_at}
    while not isinstance(asked, RemoteCall) or asked.method in answers:
        if isinstance(asked, WithCommitLock):
            attaching = asked.effects
            asked = next(attaching)
        else:
            asked = attaching.send(asked.work() if isinstance(asked, Blocking) else answers[asked.method])
    assert asked.method == first


def test_while_a_whole_copy_is_read_no_snapshot_takes_the_place_of_what_is_still_to_be_read(
    link: Replicator, journal: Journal, compaction: Compactor
) -> None:
    sent: list[Entry] = []
    copying = compaction.while_paused(link._send_copy())
    asked = next(copying)
    while isinstance(asked, Blocking) or asked.method != "end_copy":
        if isinstance(asked, Blocking):
            asked = copying.send(asked.work())
            continue
        assert not compaction.compact_some()
        if asked.method == "add_to_copy":
            sent += [entry for copy in asked.arguments[-1] for entry in copy.entries]
        asked = copying.send(None)
    assert [entry.version for entry in sent] == list(range(1, 9))
    with pytest.raises(StopIteration):
        copying.send((*LogId(1, 8), "me"))
    assert compaction.compact_some()
    assert journal.copy(ROOM).snapshot is not None
