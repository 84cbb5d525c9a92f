"""The journal on a real disk: what is written together is there together, also after it is opened again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from game.errors import InvariantBroken
from server.log.entries import (
    BEFORE_ALL,
    NO_EPOCH,
    START,
    Entry,
    Epoch,
    EpochStart,
    LogEnd,
    LogId,
    Snapshot,
    StreamCopy,
    StreamSummary,
    weight,
)
from server.log.epoch_history import KEPT_TERMS
from server.log.journal.file import open_journal
from server.log.journal.journal import Journal
from server.log.journal.reads import NAMES_AT_ONCE
from server.replication import messages as replica_messages
from tests.effects import run_effects
from tests.small_disk import full_disk
from wire.errors import StorageFailed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(file: Path) -> Iterator[Journal]:
    opened = open_journal(file)
    yield opened
    opened.close()


def entry(position: int, stream: str = "room/a", version: int | None = None, epoch: int = 1) -> Entry:
    return Entry(position, epoch, stream, position if version is None else version, f'"{position}"')


def test_a_new_journal_is_empty(journal: Journal) -> None:
    assert journal.last == START
    assert journal.epoch == NO_EPOCH
    assert list(journal.copies()) == []


def test_what_was_written_is_there_when_it_is_opened_again(journal: Journal, file: Path) -> None:
    journal.begin_term(Epoch(1, "me"))
    journal.append([entry(1), entry(2, "room/b", 1)])
    again = open_journal(file)
    assert again.last == LogId(1, 2)
    assert again.epoch == Epoch(1, "me")
    assert again.end == LogEnd(1, 2, "me")
    assert list(again.terms) == [EpochStart(1, "me", 1)]
    assert [copy.stream for copy in again.copies()] == ["room/a", "room/b"]
    again.close()


def test_the_file_is_for_its_owner_alone(journal: Journal, file: Path) -> None:
    assert journal.last == START
    assert file.stat().st_mode & 0o077 == 0


def test_entries_before_the_last_one_are_a_broken_invariant(journal: Journal) -> None:
    journal.append([entry(5)])
    with pytest.raises(InvariantBroken):
        journal.append([entry(5, version=6)])


def test_a_second_entry_of_one_version_does_not_stop_the_log(journal: Journal) -> None:
    """It breaks an invariant of the caller. The index of the database must not keep later entries out."""
    journal.append([entry(1)])
    journal.append([entry(2), entry(3, version=1)])
    journal.append([entry(4)])
    assert journal.copy("room/a").entries == (entry(3, version=1), entry(2), entry(4))
    journal.fill()


def test_events_come_in_order_and_in_pages(journal: Journal) -> None:
    journal.append([entry(n) for n in range(1, 8)])
    assert [e.version for e in journal.events("room/a", 2, 3)] == [3, 4, 5]


def test_copies_come_by_name(journal: Journal) -> None:
    numbers = range(1000, 1000 + 2 * NAMES_AT_ONCE + 1)
    journal.append([entry(n, f"room/{n}", 1) for n in numbers])
    journal.put_snapshots([Snapshot(1001, 1, "room/1001", 1, "{}")], keep_events=0)
    copies = list(journal.copies())
    assert [copy.stream for copy in copies] == [f"room/{n}" for n in numbers]
    assert copies[1] == StreamCopy("room/1001", Snapshot(1001, 1, "room/1001", 1, "{}"), ())
    assert list(journal.copies("room/1001")) == copies[2:]


def test_a_snapshot_stands_for_the_entries_before_it(journal: Journal) -> None:
    journal.append([entry(n) for n in range(1, 11)])
    assert journal.tail_lengths() == {"room/a": 10}
    journal.put_snapshots([Snapshot(10, 1, "room/a", 10, "{}")], keep_events=3)
    assert [e.version for e in journal.copy("room/a").entries] == [8, 9, 10]
    assert journal.tail_lengths() == {}
    journal.append([entry(11)])
    assert [e.version for e in journal.copy("room/a", whole=False).entries] == [11]
    assert journal.last == LogId(1, 11)


def test_a_backlog_has_what_comes_after_a_mark_up_to_another(journal: Journal) -> None:
    journal.append([entry(n, f"room/{n % 3}", n // 3 + 1) for n in range(1, 10)])
    journal.put_snapshots([Snapshot(9, 1, "room/0", 4, "{}")], keep_events=0)
    snapshots, entries = journal.backlog(LogId(1, 2), LogId(1, 8), 100_000)
    assert snapshots == []
    assert [e.position for e in entries] == [4, 5, 7, 8]
    snapshots, entries = journal.backlog(LogId(1, 2), LogId(1, 9), 100_000)
    assert [s.position for s in snapshots] == [9]


def test_a_backlog_that_is_too_long_is_cut_in_order(journal: Journal) -> None:
    journal.append([entry(n, f"room/{n}", 1) for n in range(1, 10)])
    journal.put_snapshots([Snapshot(n, 1, f"room/{n}", 1, "{}") for n in (2, 4, 6)], keep_events=0)
    after, seen = START, []
    while after != journal.last:
        snapshots, entries = journal.backlog(after, journal.last, 2 * weight("{}"))
        marks = sorted([s.log_id for s in snapshots] + [e.log_id for e in entries])
        assert 1 <= len(marks) <= 2
        seen += marks
        after = marks[-1]
    assert [mark.position for mark in seen] == list(range(1, 10))


@pytest.mark.parametrize("most_bytes", [1, 700, 2000, 1_000_000])
def test_all_streams_come_in_parts_and_make_the_whole_again(journal: Journal, most_bytes: int) -> None:
    journal.append([entry(n, f"room/{n % 4}", n // 4 + 1) for n in range(4, 40)])
    journal.put_snapshots([Snapshot(36, 1, "room/0", 10, "{}"), Snapshot(37, 1, "room/1", 10, "{}")], keep_events=4)
    messages: list[list[StreamCopy]] = []
    after = BEFORE_ALL
    while parts := journal.parts(after, most_bytes):
        messages.append(parts)
        after = parts[-1].place
    assert all(sum(part.weight for part in parts[:-1]) <= most_bytes for parts in messages)
    answers = iter([*messages, []])
    whole = run_effects(replica_messages.copies(most_bytes), lambda _: next(answers))
    assert whole == list(journal.copies())
    assert (len(messages) > 1) is (most_bytes < 1_000_000)


def test_a_copy_replaces_the_log_only_when_it_is_complete(journal: Journal, file: Path) -> None:
    journal.append([entry(1), entry(2)])
    journal.begin_copy()
    journal.add_to_copy([Snapshot(4, 2, "room/x", 4, "{}")], [entry(5, "room/y", 1, epoch=2)])
    half = open_journal(file)
    assert [copy.stream for copy in half.copies()] == ["room/a"]
    half.close()
    journal.end_copy(LogId(2, 5), [EpochStart(1, "a", 1), EpochStart(2, "b", 4)], 0)
    assert [copy.stream for copy in journal.copies()] == ["room/x", "room/y"]
    assert journal.last == LogId(2, 5)


def test_a_copy_that_ends_elsewhere_than_it_says_is_refused(journal: Journal) -> None:
    journal.append([entry(1)])
    journal.begin_copy()
    journal.add_to_copy([], [entry(5)])
    with pytest.raises(InvariantBroken):
        journal.end_copy(LogId(1, 6), [], 0)
    assert journal.last == LogId(1, 1)
    assert [copy.stream for copy in journal.copies()] == ["room/a"]


def test_what_follows_on_missing_events_is_dropped_with_its_terms(journal: Journal) -> None:
    rows = [entry(1), entry(2, "room/b", 1), entry(5, version=4), entry(6, "room/b", 2), entry(8, version=5, epoch=2)]
    journal.receive([], rows, LogId(2, 8), [EpochStart(1, "me", 1), EpochStart(2, "you", 7)])
    assert journal.drop_after_gaps() == ["room/a"]
    assert [copy.version for copy in journal.copies()] == [1, 2]
    assert journal.end == LogEnd(1, 6, "me")
    assert list(journal.terms) == [EpochStart(1, "me", 1)]
    journal.receive([], [entry(9, "room/b", 3, epoch=2)], LogId(2, 9), [EpochStart(2, "you", 7)])
    assert journal.drop_after_gaps() == []


def test_a_journal_knows_the_terms_of_the_last_thousand_takeovers(journal: Journal, file: Path) -> None:
    for epoch in range(1, KEPT_TERMS + 3):
        journal.begin_term(Epoch(epoch, "me"))
        journal.append([entry(epoch, epoch=epoch)])
    again = open_journal(file)
    assert [term.epoch for term in again.terms] == list(range(3, KEPT_TERMS + 3))
    again.close()


def test_terms_that_wrote_nothing_push_out_none_that_did(journal: Journal, file: Path) -> None:
    journal.begin_term(Epoch(1, "me"))
    journal.append([entry(1)])
    for epoch in range(2, KEPT_TERMS + 3):
        journal.begin_term(Epoch(epoch, "me"))
    again = open_journal(file)
    assert list(again.terms) == list(journal.terms) == [EpochStart(1, "me", 1), EpochStart(KEPT_TERMS + 2, "me", 2)]
    assert again.end == LogEnd(1, 1, "me")
    again.close()


def test_a_term_that_wrote_nothing_is_replaced_by_the_one_that_goes_on(journal: Journal, file: Path) -> None:
    """As in a copy of a journal that was made before anything was written in its last term."""
    journal.begin_term(Epoch(1, "me"))
    journal.append([entry(1)])
    journal.begin_term(Epoch(2, "nobody played"))
    journal.receive([], [entry(2, epoch=3)], LogId(3, 2), [EpochStart(3, "next", 2)])
    again = open_journal(file)
    assert list(again.terms) == list(journal.terms) == [EpochStart(1, "me", 1), EpochStart(3, "next", 2)]
    again.close()


def test_the_guard_of_a_journal_rises_with_what_this_server_writes(journal: Journal) -> None:
    journal.begin_term(Epoch(3, "me"))
    journal.append([entry(1, epoch=3), entry(2, version=2, epoch=3)])
    assert journal.guard.highest == LogId(3, 2)


def test_forgotten_streams_are_gone_but_never_the_end_of_the_log(journal: Journal) -> None:
    journal.append([entry(1), entry(2, "room/b", 1)])
    journal.forget(["room/a", "room/b"])
    assert [copy.stream for copy in journal.copies()] == ["room/b"]
    assert journal.last == LogId(1, 2)


def test_listings_are_written_with_their_entries_or_not_at_all(journal: Journal) -> None:
    journal.append([entry(1)], [StreamSummary("room/a", 1, {"title": "one"})])
    with full_disk(), pytest.raises(StorageFailed):
        journal.append([entry(2), entry(3)], [StreamSummary("room/a", 3, {"title": "two"})])
    assert journal.summaries()[0] == [StreamSummary("room/a", 1, {"title": "one"})]
    journal.append([entry(2), entry(3, "room/b", 1)], [StreamSummary("room/a", 2, None)])
    assert journal.summaries()[0] == [StreamSummary("room/a", 2, None)]
    assert journal.missing_summaries() == ["room/b"]


def test_what_is_fetched_or_forgotten_is_not_listed(journal: Journal) -> None:
    journal.append([entry(1)], [StreamSummary("room/a", 1, {})])
    journal.append([entry(2, "room/b", 1)], [StreamSummary("room/b", 2, {})])
    journal.forget(["room/a"])
    assert journal.summaries()[0] == [StreamSummary("room/b", 2, {})]
    assert journal.forgotten_at == 2
    journal.begin_copy()
    journal.add_to_copy([], [entry(1), entry(5, version=2)])
    journal.end_copy(LogId(1, 5), [EpochStart(1, "me", 1)], 3)
    assert journal.forgotten_at == 3
    assert journal.summaries()[0] == []
    assert journal.missing_summaries() == ["room/a"]
