"""Backups: made while people play, put back as a whole, and what becomes of a journal that is put back alone."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from client import Cluster as Connection
from client import connect
from client.room import RoomClient
from client.room_news import News
from game.context import Limits
from game.forms.room_view import View
from server.control import backup_file, restoration
from server.control.backup_file import NoBackup, back_up
from server.control.cluster import ClusterControl
from server.control.restoration import NothingToResolve, resolve, restore
from server.log.entries import Entry, Epoch
from server.log.journal import pair
from server.log.journal.file import open_journal, segments_of
from server.log.journal.pair import FOLDERS, GUARD, JOURNAL, Relation, journal_of, reading, relation
from server.log.streams import Streams
from server.runtime.security import KEY_FILE
from server.settings import ROOT, Settings, as_environment
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game, end, new_names
from tests.server.log.damaging import looking_at
from verify.testbed.local_cluster import copy_data_folder, sandbox_cluster, sandbox_settings
from wire import MAIN, REPLICATION
from wire.errors import Diverged, StorageFailed

X_HAS_WON = (0, 3, 1, 4, 2)
STREAMS = Streams(Limits())


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterControl]:
    """A running cluster; each test has a game of its own there, and leaves it running."""
    with sandbox_cluster(hang_s=HANG_S) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def connection(cluster: ClusterControl) -> Iterator[Connection]:
    """A client's connection to it."""
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


def new_game(connection: Connection) -> Game:
    """A game of two whom nobody else has met."""
    return Game(connection, new_names("ada", "bob"))


class Continued(Game):
    """A game as it is known elsewhere."""

    def __init__(self, connection: Connection, game: Game) -> None:
        self.ada = connection.claim(game.ada.name, token=game.ada.token)
        self.bob = connection.claim(game.bob.name, token=game.bob.token)
        self.x = self.ada.room(game.x.id)
        self.o = self.bob.room(game.x.id)


def command(cluster: ClusterControl, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``tictactoe.py cluster`` for a cluster."""
    return subprocess.run(
        [sys.executable, "tictactoe.py", "cluster", *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **as_environment(cluster.settings)},
    )


def archives(cluster: ClusterControl) -> set[Path]:
    """The folders to which something was moved."""
    return set((cluster.settings.data / "archive").glob("*"))


def journal_ends(cluster: ClusterControl) -> dict[str, object]:
    """Where both journals end."""
    found: dict[str, object] = {}
    for role in (MAIN, REPLICATION):
        with reading(cluster.settings, role) as journal:
            found[role] = journal.end
    return found


# -- a backup that is put back while people play --------------------------------------------------------------------


@dataclass(frozen=True)
class Restored:
    """A cluster that has gone back to a backup, and what there was before."""

    game: Game
    before: View
    """The game when the backup was made."""
    watched: Game
    seen: list[News]
    """What a watcher of the other game has seen, to the moment, who went on when the servers were back."""
    later: RoomClient
    """A room that was opened since."""
    epoch: int
    """The one in which the backup was put back."""
    archived: Path


@pytest.fixture(scope="module")
def restored(
    cluster: ClusterControl, connection: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Restored]:
    """The backup is made in a term in which nobody has played yet."""
    game, watched = new_game(connection), new_game(connection)
    game.play(0, 3)
    watched.play(0)
    cluster.kill(MAIN)
    wait_until(cluster.is_whole)
    before = game.x.view()
    file = tmp_path_factory.mktemp("restored") / "backup.tar.gz"
    made = command(cluster, "backup", str(file))
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    game.play(1, 4)
    watched.play(3, 1)
    later = connection.claim("later").create("opened since")
    epoch = cluster.status()[1].epoch
    assert epoch is not None
    seen: list[News] = []
    stop = threading.Event()

    def watch() -> None:
        for news in watched.o.watch(stop=stop):
            seen.append(news)  # noqa: PERF402  # one by one, as they come

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    wait_until(lambda: seen and seen[-1].view.board["cells"] == "XX.O.....")
    archived = archives(cluster)
    put_back = command(cluster, "restore", str(file))
    assert put_back.returncode == 0, put_back.stderr
    wait_until(cluster.is_whole)
    (new,) = archives(cluster) - archived
    yield Restored(game, before, watched, seen, later, epoch, new)
    stop.set()
    watched.to_move().move(4)
    watching.join()


def test_a_backup_is_made_while_people_play_and_brings_back_all_of_its_time(
    cluster: ClusterControl, connection: Connection, restored: Restored
) -> None:
    game = restored.game
    assert game.x.view() == restored.before
    assert restored.later.id not in {row.room for row in connection.rooms()}
    main = cluster.status()[1]
    assert main.epoch is not None
    assert main.epoch > restored.epoch
    game.play(*X_HAS_WON[2:])
    assert game.x.view().winner == game.x.name
    assert {file.name for file in restored.archived.iterdir()} >= {"main", "replication", GUARD}


def test_a_watcher_who_has_seen_more_than_the_backup_has_goes_on_from_there(restored: Restored) -> None:
    seen = restored.seen
    wait_until(lambda: seen[-1].gap and seen[-1].view.board["cells"] == "X........")
    restored.watched.o.move(8)
    wait_until(lambda: seen[-1].view.board["cells"] == "X.......O")


@pytest.mark.usefixtures("restored")
def test_g1_after_a_restoration_both_copies_have_what_is_played(
    cluster: ClusterControl, connection: Connection
) -> None:
    """Also where the backup was made in a term in which nobody had played yet."""
    new_game(connection).play(0, 3, 1)
    wait_until(cluster.is_whole)
    ends = journal_ends(cluster)
    assert ends[MAIN] == ends[REPLICATION]


def test_g8_after_a_refused_restoration_the_servers_run_again_as_before(
    cluster: ClusterControl, connection: Connection, tmp_path: Path
) -> None:
    game = new_game(connection)
    game.play(0)
    file = tmp_path / "backup"
    back_up(cluster.settings, file)
    _damage(file, "swapped")
    archived = archives(cluster)
    refused = command(cluster, "restore", str(file))
    assert refused.returncode == 2
    wait_until(cluster.is_whole)
    assert game.x.view().board["cells"] == "X........"
    assert archives(cluster) == archived


def test_there_is_nothing_to_resolve_in_a_cluster_that_is_whole(cluster: ClusterControl) -> None:
    wait_until(cluster.is_whole)
    before = [cluster.process_of(role) for role in (MAIN, REPLICATION)]
    with pytest.raises(NothingToResolve):
        resolve(cluster.settings, MAIN)
    refused = command(cluster, "resolve", "--keep", "replica")
    assert refused.returncode == 2
    assert "nothing to resolve" in refused.stderr
    assert [cluster.process_of(role) for role in (MAIN, REPLICATION)] == before, "nothing was stopped for it"
    wait_until(cluster.is_whole)


# -- a folder that is copied while people play ---------------------------------------------------------------------


def test_a_folder_that_is_copied_while_people_play_has_all_that_was_acknowledged(
    cluster: ClusterControl, connection: Connection, tmp_path: Path
) -> None:
    """Each copy is looked at, and servers start in the last one."""
    watched, stop = new_game(connection), threading.Event()

    def play_on(game: Game) -> int:
        games = 0
        while not stop.is_set():
            game.play(*X_HAS_WON)
            game.x.rematch()
            game.o.rematch()
            games += 1
        return games

    with ThreadPoolExecutor(2) as pool:
        playing = [pool.submit(play_on, new_game(connection)) for _ in range(2)]
        try:
            for number, cell in enumerate(X_HAS_WON):
                watched.play(cell)
                copied = sandbox_settings(tmp_path / f"copy-{number}", hang_s=HANG_S)
                if number % 2:
                    copy_in_order(cluster.settings.data, copied.data)
                else:
                    made = command(cluster, "copy", str(copied.data))
                    assert made.returncode == 0, made.stderr
                assert_sound(copied, watched.x.id, number + 1)
        finally:
            stop.set()
        assert all(one.result(PATIENCE_S) for one in playing)
    assert stat.S_IMODE(copied.data.stat().st_mode) == 0o700
    assert command(cluster, "copy", str(copied.data)).returncode == 2
    copy = ClusterControl(copied)
    try:
        copy.start()
        with connect(copy.name_server, deadline_s=PATIENCE_S) as there:
            assert Continued(there, watched).x.view().winner == watched.x.name
    finally:
        end(copy)


def copy_in_order(source: Path, target: Path) -> None:
    """Copy the files in the order that docs/operations.md gives to other tools."""
    for folder in FOLDERS.values():
        (target / folder).mkdir(parents=True)
    for name in (GUARD, KEY_FILE):
        shutil.copy(source / name, target / name)
    for folder in FOLDERS.values():
        journal, copy = source / folder / JOURNAL, target / folder / JOURNAL
        log = journal.with_name(f"{JOURNAL}-wal")
        segments_of(copy).mkdir()
        for segment in segments_of(journal).glob("*.log"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(segment, segments_of(copy))
        before = b""
        while before != (before := log.read_bytes()[:32]) or copy.with_name(log.name).read_bytes()[:32] != before:
            for file in (journal, log):
                shutil.copy(file, copy.parent)


def assert_sound(settings: Settings, room: str, moves: int) -> None:
    """See that both journals can be read whole, and have what was acknowledged."""
    assert relation(settings) is not Relation.DIVERGED
    for role in (MAIN, REPLICATION):
        with looking_at(journal_of(settings, role)) as journal:
            assert journal._connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            copies = {copy.stream: copy for copy in journal.copies()}
            for copy in copies.values():
                STREAMS.state_of(copy)
            assert journal.damage.waiting == []
            assert len(STREAMS.state_of(copies[f"room/{room}"]).moves) == moves


# -- a folder that was copied while the servers were stopped ----------------------------------------------------------


@dataclass(frozen=True)
class Stopped:
    """What was copied while the cluster was stopped, which runs on since."""

    data: Path
    """The copy of its data folder."""
    game: Game
    """A game of three moves, the last two of them in the term after that of the first; it may go on in the original."""
    backup: Path
    """Made after the first move."""


@pytest.fixture(scope="module")
def stopped(cluster: ClusterControl, connection: Connection, tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    """A copy of a data folder, made while the servers were stopped."""
    folder = tmp_path_factory.mktemp("stopped")
    made = Stopped(folder / "data", new_game(connection), folder / "backup")
    made.game.play(0)
    back_up(cluster.settings, made.backup)
    cluster.kill(MAIN)
    made.game.play(3, 1)
    wait_until(cluster.is_whole)
    cluster.stop()
    copy_data_folder(cluster.settings.data, made.data)
    shutil.rmtree(made.data / "archive", ignore_errors=True)
    cluster.start()
    return made


@pytest.fixture
def copy(stopped: Stopped, tmp_path: Path) -> Iterator[ClusterControl]:
    """A cluster with a copy of that folder and ports of its own, not started."""
    copy = ClusterControl(sandbox_settings(copy_data_folder(stopped.data, tmp_path / "data"), hang_s=HANG_S))
    yield copy
    end(copy)


def cells(cluster: ClusterControl, game: Game) -> object:
    """The board of a game as that cluster has it."""
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        return Continued(connection, game).x.view().board["cells"]


def test_a_folder_that_was_copied_while_the_servers_were_stopped_has_everything(
    copy: ClusterControl, stopped: Stopped
) -> None:
    copy.start()
    stopped.game.o.move(8)
    assert cells(copy, stopped.game) == "XX.O....."
    copy.stop()
    assert stopped.game.x.view().board["cells"] == "XX.O....O"


def test_an_interrupted_restoration_leaves_a_log_that_is_whole(
    copy: ClusterControl, stopped: Stopped, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[Path] = []

    def dies(path: Path, archive: Path) -> None:
        if moved:
            raise KeyboardInterrupt
        moved.append(path)
        pair.move_aside(path, archive)

    with monkeypatch.context() as patch:
        patch.setattr(restoration, "move_aside", dies)
        with pytest.raises(KeyboardInterrupt):
            restore(copy.settings, stopped.backup)
    assert relation(copy.settings) is Relation.MAIN_HAS_ALL
    copy.start()
    assert cells(copy, stopped.game) == "XX.O....."
    copy.stop()
    restore(copy.settings, stopped.backup)
    copy.start()
    assert cells(copy, stopped.game) == "X........"


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "newer", "swapped"])
def test_g8_what_is_no_backup_is_refused_and_changes_nothing(
    copy: ClusterControl, stopped: Stopped, tmp_path: Path, damage: str
) -> None:
    file = shutil.copy(stopped.backup, tmp_path / "backup")
    _damage(file, damage)
    ends, key = journal_ends(copy), (copy.settings.data / "cluster.key").read_bytes()
    there = {path.name for path in copy.settings.data.iterdir()}
    refused = command(copy, "restore", str(file))
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert "backup" in refused.stderr
    assert journal_ends(copy) == ends
    assert (copy.settings.data / "cluster.key").read_bytes() == key
    assert {path.name for path in copy.settings.data.iterdir()} == there, "nothing came, and nothing was archived"


def _damage(file: Path, damage: str) -> None:
    """Make a backup one that cannot be read."""
    whole = file.read_bytes()
    if damage == "newer":
        _repack(file, "backup.json", b'{"format": 99}')
    elif damage == "swapped":
        _repack(file, "journal.db", b"no database")
    else:
        file.write_bytes({"empty": b"", "text": b"a backup, really", "cut": whole[: len(whole) // 2]}[damage])


def _repack(file: Path, name: str, content: bytes) -> None:
    """Replace a file in a backup."""
    folder = file.with_name("unpacked")
    folder.mkdir()
    with tarfile.open(file) as packed:
        for part in packed:
            found = packed.extractfile(part)
            assert found is not None
            (folder / part.name).write_bytes(found.read())
    (folder / name).write_bytes(content)
    with tarfile.open(file, "w") as packed:
        for part in folder.iterdir():
            packed.add(part, part.name)


def test_without_any_journal_there_is_no_backup(copy: ClusterControl, tmp_path: Path) -> None:
    for role in (MAIN, REPLICATION):
        shutil.rmtree(copy.settings.data / FOLDERS[role])
    with pytest.raises(StorageFailed, match="there is no journal"):
        back_up(copy.settings, tmp_path / "backup")
    assert list(tmp_path.glob("backup*")) == []
    with pytest.raises(StorageFailed):
        restore(copy.settings, tmp_path / "missing")


# -- a journal that is put back alone -----------------------------------------------------------------------------


@pytest.fixture
def put_back(copy: ClusterControl, stopped: Stopped, tmp_path: Path) -> ClusterControl:
    """A stopped cluster; its main server's journal is older than the replica's, which has two moves more."""
    older = tmp_path / "older"
    older.mkdir()
    backup_file.unpack(stopped.backup, older)
    main = copy.settings.data / FOLDERS[MAIN]
    shutil.rmtree(main)
    main.mkdir()
    (older / JOURNAL).rename(main / JOURNAL)
    return copy


def test_g1_main_fetches_what_its_older_journal_lacks(put_back: ClusterControl, stopped: Stopped) -> None:
    assert relation(put_back.settings) is Relation.REPLICA_HAS_ALL
    put_back.start()
    with connect(put_back.name_server, deadline_s=PATIENCE_S) as there:
        game = Continued(there, stopped.game)
        assert game.x.view().board["cells"] == "XX.O....."
        game.play(4, 2)
        assert game.x.view().winner == game.x.name


def go_on_alone(cluster: ClusterControl, game: Game) -> None:
    """What a main server writes that takes over with a journal which lacks what the replica has."""
    with contextlib.closing(open_journal(journal_of(cluster.settings, MAIN))) as journal:
        journal.begin_term(Epoch(journal.epoch.number + 1, "alone"))
        room = f"room/{game.x.id}"
        copy = journal.copy(room)
        said = {
            "kind": "said",
            "by": game.x.name,
            "request_id": "alone-1",
            "at": 1,
            "seat": "X",
            "text": "alone",
            "date": 1,
        }
        row = json.dumps(said, separators=(",", ":"))
        journal.append([Entry(journal.last.position + 1, journal.epoch.number, room, copy.version + 1, row)])


@pytest.mark.parametrize(("keep", "cells"), [("replica", "XX.O....."), ("main", "X........")])
def test_g1_two_histories_of_one_epoch_are_kept_both_until_a_person_chooses(
    put_back: ClusterControl, stopped: Stopped, keep: str, cells: str
) -> None:
    go_on_alone(put_back, stopped.game)
    assert relation(put_back.settings) is Relation.DIVERGED
    ends = journal_ends(put_back)
    with pytest.raises(Diverged):
        back_up(put_back.settings, put_back.settings.data / "backup")
    started = command(put_back, "start")
    assert started.returncode == 2
    assert "cluster resolve --keep" in " ".join(started.stderr.split())
    with connect(put_back.name_server, deadline_s=PATIENCE_S) as there:
        game = Continued(there, stopped.game)
        assert game.x.view().board["cells"] == "X........", "reads go on"
        with pytest.raises(Diverged):
            game.o.move(8)
        assert "diverged" in command(put_back, "status", "--json").stdout
        assert journal_ends(put_back) == ends, "neither is overwritten"
        resolved = command(put_back, "resolve", "--keep", keep)
        assert resolved.returncode == 0, resolved.stderr
        wait_until(put_back.is_whole)
        assert game.x.view().board["cells"] == cells
        game.to_move().move(8)
    (archived,) = archives(put_back)
    other = REPLICATION if keep == "main" else MAIN
    with_copy = open_journal(archived / FOLDERS[other] / JOURNAL)
    assert with_copy.end == ends[other]
    with_copy.close()


def test_a_backup_of_one_journal_alone_is_of_the_one_that_has_all(put_back: ClusterControl, tmp_path: Path) -> None:
    made = back_up(put_back.settings, tmp_path / "backup")
    with reading(put_back.settings, REPLICATION) as journal:
        assert (made.epoch, made.position) == journal.last
    with pytest.raises(NoBackup, match="not a backup"):
        backup_file.unpack(journal_of(put_back.settings, MAIN), tmp_path)


@pytest.mark.parametrize("wrong", [{"more": 1}, {"position": "1"}])
def test_a_description_with_an_unknown_field_or_type_is_refused(wrong: dict[str, object], tmp_path: Path) -> None:
    described = tmp_path / "description.json"
    described.write_text(json.dumps({"epoch": 1, "position": 1, "made_at": 1.0, "format": 1, **wrong}))
    with tarfile.open(tmp_path / "backup", "w") as packed:
        packed.add(described, backup_file._DESCRIPTION)
    with pytest.raises(NoBackup, match="not a backup"):
        backup_file.unpack(tmp_path / "backup", tmp_path)
