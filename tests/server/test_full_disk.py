"""A disk that is full: what is on it stays, servers neither end nor hang by it, and once there is room all goes on."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from client import Cluster as Connection
from server.control.cluster import ClusterControl
from server.log.entries import START, Entry, Epoch, LogId, StreamSummary
from server.log.journal.file import open_journal, reader, share
from server.main import candidate
from server.main.reads import READ_ONLY
from server.process import entry_point
from server.process.server_process import ServerProcess
from server.supervision.role_status import RoleStatus
from tests.conditions import wait_until
from tests.conftest import Game, new_names, whole_with_room
from tests.server.log.damaging import fill
from tests.small_disk import full_disk
from verify.testbed.cluster_faults import ClusterFaults
from wire import MAIN, REPLICATION
from wire.errors import StorageFailed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process's files be limited")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A journal with one entry, closed in good order."""
    file = tmp_path / "journal.db"
    journal = open_journal(file, durability="os")
    journal.begin_term(Epoch(1, "me"))
    journal.append([Entry(1, 1, "room/a", 1, "1")])
    journal.close()
    return file


def test_a_journal_can_be_read_on_a_full_disk_and_stays_where_it_is(written: Path) -> None:
    with full_disk():
        journal = open_journal(written, durability="os")
        assert journal.last == LogId(1, 1)
        with pytest.raises(StorageFailed):
            journal.append([Entry(2, 1, "room/a", 2, "2")])
        assert journal.last == LogId(1, 1)
    journal.append([Entry(2, 1, "room/a", 2, "2")])
    journal.close()
    assert list(written.parent.glob("*.unreadable-*")) == []
    assert open_journal(written, durability="os").last == LogId(1, 2)


def test_a_process_killed_while_it_moves_pages_leaves_a_journal_that_a_full_disk_can_serve(tmp_path: Path) -> None:
    """Its file is shorter than it says. What is missing is in the write-ahead log, from where it cannot be moved."""
    file, killed = tmp_path / "journal.db", tmp_path / "killed.db"
    journal = open_journal(file)
    journal.begin_term(Epoch(1, "me"))
    journal.append([Entry(at, 1, "room/abcd", at, f'"{at}{"x" * 2000}"') for at in range(1, 500)])
    fill(journal)
    killed.with_name("killed.db-wal").write_bytes(file.with_name("journal.db-wal").read_bytes())
    journal.close()
    whole = file.read_bytes()
    killed.write_bytes(whole[: len(whole) // 2])
    with full_disk():
        journal = open_journal(killed)
        assert journal.last == LogId(1, 499)
        assert [entry.version for entry in journal.events("room/abcd", 0, 1000)] == list(range(1, 500))
    assert not journal.lost
    journal.close()


def test_what_is_told_of_many_rooms_can_be_read_on_a_full_disk(written: Path) -> None:
    """More than SQLite sorts without a file, unless it is told to sort in memory."""
    journal = open_journal(written)
    many = [StreamSummary(f"room/{number}", 100_000 - number, {"title": "x" * 1000}) for number in range(5000)]
    journal.append([Entry(2, 1, "room/a", 2, "2")], many)
    journal.close()
    with full_disk():
        journal = open_journal(written)
        assert len(journal.summaries()[0]) == len(many)
        assert journal.missing_summaries() == ["room/a"]
        assert [copy.stream for copy in journal.copies()] == ["room/a"]
    share(journal, written, durability="os", go_on=lambda: True, pause=lambda _s: None)
    with full_disk():
        assert len(journal.summaries()[0]) == len(many)
    journal.close()


class ReadOnlyLater:
    """What serves reads, and can be loaded at the second time only."""

    made: ClassVar[list[ReadOnlyLater]] = []

    def __init__(self, *_parts: object) -> None:
        self.committer = None
        self.made.append(self)

    def load(self) -> None:
        if len(self.made) == 1:
            raise StorageFailed("the journal cannot be read")


def test_reads_that_could_not_be_served_are_tried_again(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate, "ReadOnly", ReadOnlyLater)
    served: list[object] = []
    process = SimpleNamespace(commit_lock=None, serve_clients=lambda: served.append("clients"))
    wants = candidate.Candidate(process, SimpleNamespace(serve=served.append))  # type: ignore[arg-type]
    journal, error = open_journal(written), StorageFailed("the disk is full")
    with pytest.raises(StorageFailed):
        wants._on_failure(journal, error, may_be_read=True)
    assert served == []
    wants._on_failure(journal, error, may_be_read=True)
    assert served == [*ReadOnlyLater.made[1:], "clients"]
    journal.close()


def test_a_journal_that_was_opened_on_a_full_disk_is_shared_later(written: Path) -> None:
    pauses: list[float] = []
    with full_disk():
        journal = open_journal(written, durability="os")
        assert journal.is_alone
        share(journal, written, durability="os", go_on=lambda: len(pauses) < 2, pause=pauses.append)
        assert journal.is_alone
        assert journal.copy("room/a").end == 1
    share(journal, written, durability="os", go_on=lambda: True, pause=pauses.append)
    assert not journal.is_alone
    journal.append([Entry(2, 1, "room/a", 2, "2")])
    fill(journal)
    with contextlib.closing(reader(written)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM entries").fetchone() == (2,)
    journal.close()


def test_a_journal_that_is_not_there_cannot_be_made_on_a_full_disk(tmp_path: Path) -> None:
    with full_disk(), pytest.raises(StorageFailed):
        open_journal(tmp_path / "journal.db", durability="os")
    assert open_journal(tmp_path / "journal.db", durability="os").last == START


@pytest.fixture
def cluster(lasting_cluster: ClusterControl) -> Iterator[ClusterControl]:
    """A cluster that is whole, with a main server that found room when it opened its journal."""
    yield whole_with_room(lasting_cluster)
    wait_until(lambda: lasting_cluster.process_of(MAIN), what="a main server that is written down")
    lasting_cluster.kill(MAIN)


@pytest.fixture
def game(connection: Connection) -> Game:
    """A game of two whom nobody else has met."""
    return Game(connection, new_names("ada", "bob"))


@pytest.mark.parametrize("largest_bytes", [0, 4096])
def test_a_main_server_killed_on_a_full_disk_comes_back_for_readers_and_then_for_all(
    cluster: ClusterControl, connection: Connection, game: Game, largest_bytes: int
) -> None:
    game.play(0)
    rooms = {row.room for row in connection.rooms()}
    assert game.x.id in rooms
    havoc = ClusterFaults(cluster, None, None, {}, {})
    for role in (REPLICATION, MAIN):  # and the template, which forks the next main server
        havoc.fill_disk(role, largest_bytes)
    killed = havoc.kill(MAIN)  # it may have been replaced since, by one that cannot be written down
    reads = wait_until(lambda: reads_only(cluster), what="a main server that serves reads, with the reason")
    assert reads.pid != killed
    version = game.x.view().version
    with pytest.raises(StorageFailed):
        game.o.move(1, request_id="the-second-move")
    assert game.x.view().version == version
    assert {row.room for row in connection.rooms()} == rooms
    assert connection.claim(game.x.name, token=game.ada.token).name == game.x.name
    with pytest.raises(StorageFailed):
        connection.claim("cleo")
    whole_with_room(cluster)
    for _ in range(2):
        assert game.o.move(1, request_id="the-second-move").version == version + 1
    assert [move for _, move in game.x.view().moves] == [0, 1]
    assert list(cluster.settings.data.rglob("*.unreadable-*")) == []
    assert list(cluster.settings.data.rglob("*.new")) == []


def reads_only(cluster: ClusterControl) -> RoleStatus | None:
    """The status of a main server that serves reads only and names the reason."""
    main = next(role for role in cluster.status() if role.role == MAIN)
    return main if main.step == READ_ONLY and "the journal cannot be written" in main.note else None


class FullLog:
    """Standard error on a full disk."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


class Ended(Exception):
    """The process would have ended here."""


def fill_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the log cannot be written; called in the test, because pytest sets it anew before each."""

    def end(status: int) -> None:
        raise Ended(status)

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(sys, "stderr", FullLog())


def test_a_server_steps_down_also_when_its_last_words_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    fill_log(monkeypatch)
    with pytest.raises(Ended, match="1"):
        ServerProcess.step_down(ServerProcess.__new__(ServerProcess), "another is the primary")


def test_a_server_that_cannot_start_says_so_by_its_status_also_when_it_cannot_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill_log(monkeypatch)
    with pytest.raises(Ended, match="3"):
        entry_point._fail("a main server runs already", 3, None)
