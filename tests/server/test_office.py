"""Taking office as a conversation: what a main server asks the replica, and what it does with the answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.conversation import Ask, Rest, Wish, converse
from server.entries import Entry, Mark, Office, Snapshot, StreamCopy
from server.journal import Journal
from server.journal_file import open_journal
from server.office import READ_AGAIN, take_office


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "journal.db")
    yield journal
    journal.close()


class Replica:
    """Answers as the replica would that has these streams."""

    def __init__(self, *copies: StreamCopy) -> None:
        self.copies = copies
        self.asked: list[str] = []
        self.rests = 0

    def fulfil(self, wish: Wish) -> Any:
        if isinstance(wish, Rest):
            self.rests += 1
            return None
        assert isinstance(wish, Ask)
        self.asked.append(wish.method)
        if wish.method == "standing":
            last = max((copy.end for copy in self.copies), default=0)
            return {"office": (1, "a"), "last": (1, last) if last else (0, 0)}
        if wish.method == "copies":
            return [copy for copy in self.copies if copy.stream > wish.arguments[0]]
        return None


def in_office(journal: Journal, replica: Replica, *, most_rests: int = 20) -> Office | None:
    conversation = take_office(
        journal, wait_limit_s=1.0, piece_bytes=1000, go_on=lambda: replica.rests < most_rests, new_holder=lambda: "me"
    )
    return converse(conversation, replica.fulfil)


def copy(stream: str, *versions: int, snapshot: int = 0) -> StreamCopy:
    kept = Snapshot(snapshot, 1, stream, snapshot, "{}") if snapshot else None
    return StreamCopy(stream, kept, tuple(Entry(version, 1, stream, version, "{}") for version in versions))


def test_the_replica_is_promised_to_before_its_copy_is_read(journal: Journal) -> None:
    replica = Replica(copy("room/a", 1, 2, 3))
    assert in_office(journal, replica) == Office(2, "me")
    assert replica.asked[:3] == ["standing", "take_office", "copies"]
    assert [entry.version for entry in journal.copy("room/a").entries] == [1, 2, 3]


def test_a_copy_that_was_catching_up_when_the_other_was_lost_is_taken_as_far_as_it_goes(
    journal: Journal,
) -> None:
    """Nobody has the rest; that one room lacks something must not keep all others waiting for ever."""
    replica = Replica(copy("room/a", 1, 2, 7, 8), copy("room/b", 5, 6), copy("room/c", 3, 4, 9, snapshot=4))
    assert in_office(journal, replica) is not None
    assert replica.asked.count("copies") > READ_AGAIN
    kept = {copy.stream: [entry.version for entry in copy.entries] for copy in journal.copies()}
    assert kept == {"room/a": [1, 2], "room/c": [3, 4]}
    assert not any(copy.has_gap for copy in journal.copies())


def test_a_copy_with_gaps_is_read_again_first(journal: Journal) -> None:
    replica = Replica(copy("room/a", 1, 3))
    assert in_office(journal, replica, most_rests=READ_AGAIN - 1) is None
    assert journal.last == Mark(0, 0)
