"""The takeover procedure: what a main server asks the replica, and what it does with the answers."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.log.entries import EMPTY, Entry, Epoch, EpochStart, LogEnd, LogId, Snapshot, StreamCopy
from server.log.journal.file import open_journal
from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import Journal
from server.replication.takeover import MOST_READS, take_over
from server.runtime.effects import Effect, RemoteCall, Sleep
from tests.effects import run_effects
from wire.errors import Diverged, StorageFailed, TicTacToeError, Unreachable


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "journal.db")
    yield journal
    journal.close()


class Replica:
    """Answers as the replica would that has these streams."""

    def __init__(self, *copies: StreamCopy, has_own: bool = True) -> None:
        self.copies = list(copies)
        self.has_own = has_own
        self.terms = [EpochStart(1, "a", 1)]
        self.forgotten_at = 2
        self.asked: list[str] = []
        self.rests = 0

    def fulfil(self, wish: Effect) -> Any:
        if isinstance(wish, Sleep):
            self.rests += 1
            return None
        assert isinstance(wish, RemoteCall)
        self.asked.append(wish.method)
        if wish.method == "standing":
            return {"office": (1, "a"), "last": self.end, "has_own": self.has_own}
        if wish.method == "copies":
            return [copy for copy in self.copies if copy.stream > wish.arguments[0]]
        if wish.method == "terms":
            return self.terms
        if wish.method == "forgotten_at":
            return self.forgotten_at
        if wish.method == "drop_after_gaps":
            torn = [copy.stream for copy in self.copies if copy.has_gap]
            self.copies = [copy.before_gap() for copy in self.copies]
            return torn
        return []

    @property
    def end(self) -> LogEnd:
        last = max((copy.end for copy in self.copies), default=0)
        return LogEnd(1, last, "a") if last else EMPTY


def taken_over(journal: Journal, replica: Replica, *, most_rests: int = 20) -> Epoch | None:
    effects = take_over(
        journal, wait_limit_s=1.0, piece_bytes=1000, go_on=lambda: replica.rests < most_rests, new_holder=lambda: "me"
    )
    return run_effects(effects, replica.fulfil)


def copy(stream: str, *versions: int, snapshot: int = 0) -> StreamCopy:
    kept = Snapshot(snapshot, 1, stream, snapshot, "{}") if snapshot else None
    return StreamCopy(stream, kept, tuple(Entry(version, 1, stream, version, "{}") for version in versions))


def test_the_replica_is_promised_to_before_its_copy_is_read(journal: Journal) -> None:
    replica = Replica(copy("room/a", 1, 2, 3))
    assert taken_over(journal, replica) == Epoch(2, "me")
    assert replica.asked == ["standing", "take_office", "copies", "copies", "terms", "forgotten_at"]
    assert journal.forgotten_at == 2
    assert [entry.version for entry in journal.copy("room/a").entries] == [1, 2, 3]
    assert list(journal.terms) == [EpochStart(1, "a", 1), EpochStart(2, "me", 4)]


def test_what_is_fetched_takes_the_place_of_all_that_was_there(journal: Journal) -> None:
    """A stream that the replica no longer has was forgotten; the journal is of a time before that."""
    journal.begin_term(Epoch(1, "a"))
    journal.append([Entry(1, 1, "room/forgotten", 1, "{}")])
    assert taken_over(journal, Replica(copy("room/a", 2, 3, snapshot=3))) is not None
    assert [copy.stream for copy in journal.copies()] == ["room/a"]


def test_a_copy_that_was_catching_up_when_the_other_was_lost_is_taken_as_far_as_it_goes(
    journal: Journal,
) -> None:
    """Nobody has the rest; that one room lacks something must not keep all others waiting for ever."""
    replica = Replica(copy("room/a", 1, 2, 7, 8), copy("room/b", 5, 6), copy("room/c", 3, 4, 9, snapshot=4))
    assert taken_over(journal, replica) is not None
    assert replica.asked.count("copies") > MOST_READS
    assert replica.asked.count("drop_after_gaps") == 1
    kept = {copy.stream: [entry.version for entry in copy.entries] for copy in journal.copies()}
    assert kept == {"room/a": [1, 2], "room/c": [3, 4]}
    assert not any(copy.has_gap for copy in journal.copies())


def test_a_copy_with_gaps_is_read_again_first(journal: Journal) -> None:
    replica = Replica(copy("room/a", 1, 3))
    assert taken_over(journal, replica, most_rests=MOST_READS - 1) is None
    assert "drop_after_gaps" not in replica.asked


@pytest.fixture
def written(journal: Journal) -> Journal:
    """A journal with three entries of an epoch."""
    journal.begin_term(Epoch(1, "a"))
    journal.append([Entry(at, 1, "room/a", at, "{}") for at in (1, 2, 3)])
    return journal


def test_g1_no_takeover_when_each_has_what_the_other_lacks_and_nothing_is_changed(written: Journal) -> None:
    replica = Replica(copy("room/a", 1, 2, 3, 4), has_own=False)
    before = list(written.copies()), written.epoch
    assert taken_over(written, replica) is None
    assert set(replica.asked) == {"standing"}
    assert (list(written.copies()), written.epoch) == before
    assert not written.guard.allows_alone(written.last)


def alone(journal: Journal, guard: GuardFile) -> Epoch | None:
    """The epoch that a main server begins with this guard, and without a replica."""
    journal.guard = guard
    rests = iter(range(5))

    def fulfil(wish: Effect) -> Any:
        if isinstance(wish, RemoteCall):
            raise Unreachable("there is no replica")
        next(rests)

    return run_effects(
        take_over(
            journal,
            wait_limit_s=0.0,
            piece_bytes=1000,
            go_on=lambda: next(rests, None) is not None,
            new_holder=lambda: "me",
        ),
        fulfil,
    )


def test_g1_alone_no_takeover_with_a_journal_that_is_older_than_it_once_was(written: Journal) -> None:
    guard = GuardFile()
    guard.raise_to(LogId(5, 4))
    assert alone(written, guard) is None
    guard.complete_at(LogId(1, 3))
    assert alone(written, guard) == Epoch(6, "me"), "no epoch that this server ever had is used again"


def test_g1_alone_no_takeover_while_the_two_journals_have_diverged(written: Journal) -> None:
    guard = GuardFile()
    guard.diverged()
    assert alone(written, guard) is None


def test_a_guard_is_there_again_after_the_process(tmp_path: Path) -> None:
    guard = GuardFile.in_file(tmp_path / "main.guard")
    guard.raise_to(LogId(2, 7))
    guard.raise_to(LogId(3, 5))
    guard.diverged()
    again = GuardFile.in_file(tmp_path / "main.guard")
    assert again.highest == LogId(3, 7)
    assert not again.allows_alone(LogId(3, 8))
    again.complete_at(LogId(3, 6))
    assert again.allows_alone(LogId(3, 6))
    assert not again.allows_alone(LogId(3, 5))


@pytest.mark.parametrize("bit", range(24, 64))
def test_a_flipped_bit_in_a_guard_does_not_lead_to_an_epoch_that_the_replica_refuses(
    written: Journal, tmp_path: Path, bit: int
) -> None:
    file = tmp_path / "main.guard"
    GuardFile.in_file(file).raise_to(written.last)
    raw = bytearray(file.read_bytes())
    raw[bit // 8 if sys.byteorder == "little" else 7 - bit // 8] ^= 1 << bit % 8
    file.write_bytes(raw)
    guard = GuardFile.in_file(file)
    assert guard.highest.epoch == 1 + (1 << bit)
    assert alone(written, guard) == Epoch(2, "me")
    assert GuardFile.in_file(file).highest == LogId(2, 3), "the damage is gone"


def test_a_guard_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed, match=r"main\.guard cannot be written"):
        GuardFile.in_file(tmp_path / "file" / "main.guard")


class FullDisk:
    """What is to be said of a disk that refuses."""

    def __init__(self) -> None:
        self.refused: list[bool] = []

    def on_failure(self, error: TicTacToeError, may_be_read: bool) -> None:
        assert isinstance(error, (StorageFailed, Diverged))
        self.refused.append(may_be_read)


def refusing(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the journal cannot be written."""

    @contextlib.contextmanager
    def writing() -> Iterator[None]:
        raise StorageFailed("the disk is full")
        yield

    monkeypatch.setattr(journal, "writing", writing)


def without_takeover(journal: Journal, replica: Replica, clock: Callable[[], float] = lambda: 0.0) -> list[bool]:
    """What the disk's refusals meant for those who read."""
    disk = FullDisk()
    effects = take_over(
        journal,
        wait_limit_s=1.0,
        piece_bytes=1000,
        go_on=lambda: replica.rests < 2,
        clock=clock,
        on_failure=disk.on_failure,
    )
    assert run_effects(effects, replica.fulfil) is None
    return disk.refused


def test_a_journal_that_lacks_nothing_may_be_read_while_the_disk_refuses(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.begin_term(Epoch(1, "a"))
    journal.append([Entry(1, 1, "room/a", 1, "{}"), Entry(2, 1, "room/a", 2, "{}")])
    refusing(journal, monkeypatch)
    assert without_takeover(journal, Replica(copy("room/a", 1))) == [True, True]


def test_a_journal_that_lacks_what_the_replica_has_may_not(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(journal, monkeypatch)
    assert without_takeover(journal, Replica(copy("room/a", 1))) == [False, False]


class FullReplica(Replica):
    """A replica that cannot write down what it promises."""

    def fulfil(self, wish: Effect) -> Any:
        answer = super().fulfil(wish)
        if isinstance(wish, RemoteCall) and wish.method == "take_office":
            raise StorageFailed("the disk is full")
        return answer


def test_while_the_replica_cannot_promise_the_own_journal_is_read(journal: Journal) -> None:
    assert without_takeover(journal, FullReplica()) == [True, True]


def test_a_replica_that_cannot_promise_is_not_waited_for_longer_than_one_that_is_silent(journal: Journal) -> None:
    replica, seconds = FullReplica(), itertools.count()
    effects = take_over(
        journal,
        wait_limit_s=1.0,
        piece_bytes=1000,
        go_on=lambda: True,
        clock=lambda: float(next(seconds)),
        new_holder=lambda: "me",
    )
    assert run_effects(effects, replica.fulfil) == Epoch(2, "me")
    assert replica.asked == ["standing", "take_office"]


def test_a_copy_that_is_needed_is_not_taken_from_a_replica_that_cannot_promise(journal: Journal) -> None:
    replica, seconds = FullReplica(copy("room/a", 1)), itertools.count()
    assert without_takeover(journal, replica, lambda: float(next(seconds))) == [False, False]


def test_of_two_diverged_logs_the_own_one_is_read(written: Journal) -> None:
    assert without_takeover(written, Replica(copy("room/a", 1, 2, 3, 4), has_own=False)) == [True, True]
