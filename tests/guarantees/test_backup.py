"""Backups: made while people play, put back as a whole, and what becomes of a journal that is put back alone."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from client import Cluster as Connection
from client import connect
from client.room import News
from server import backup_file, both_journals, restoration
from server.backup_file import NoBackup, back_up
from server.both_journals import FOLDERS, GUARD, Relation, journal_of, reading, relation
from server.cluster import Cluster
from server.entries import Entry, Office
from server.journal_file import open_journal
from server.restoration import NothingToResolve, resolve, restore
from server.settings import ROOT, as_environment
from tests.conditions import wait_until
from tests.conftest import Game, MakeCluster
from wire import MAIN, REPLICATION
from wire.errors import Diverged, StorageFailed

X_HAS_WON = (0, 3, 1, 4, 2)


def command(cluster: Cluster, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``tictactoe.py cluster`` for a cluster."""
    return subprocess.run(
        [sys.executable, "tictactoe.py", "cluster", *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **as_environment(cluster.settings)},
    )


def test_a_backup_is_made_while_people_play_and_brings_back_all_of_its_time(
    cluster: Cluster, connection: Connection, game: Game, tmp_path: Path
) -> None:
    game.play(0, 3)
    before = game.x.view()
    file = tmp_path / "backup.tar.gz"
    made = command(cluster, "backup", str(file))
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    game.play(1, 4)
    later = connection.claim("later").create("opened since")
    epoch = cluster.status()[1].epoch
    put_back = command(cluster, "restore", str(file))
    assert put_back.returncode == 0, put_back.stderr
    wait_until(cluster.is_whole)
    assert game.x.view() == before
    assert later.id not in {row.room for row in connection.rooms()}
    main = cluster.status()[1]
    assert main.epoch is not None
    assert epoch is not None
    assert main.epoch > epoch
    game.play(*X_HAS_WON[2:])
    assert game.x.view().winner == "ada"
    (archived,) = (cluster.settings.data / "archive").iterdir()
    assert {file.name for file in archived.iterdir()} >= {"main", "replication", GUARD}


def test_g1_after_a_restoration_both_copies_have_what_is_played(cluster: Cluster, game: Game, tmp_path: Path) -> None:
    """Also where the backup was made in a term in which nobody had played yet."""
    game.play(0)
    cluster.kill(MAIN)
    wait_until(cluster.is_whole)
    back_up(cluster.settings, tmp_path / "backup")
    cluster.stop()
    restore(cluster.settings, tmp_path / "backup")
    cluster.start()
    game.play(3, 1)
    wait_until(cluster.is_whole)
    ends = journal_ends(cluster)
    assert ends[MAIN] == ends[REPLICATION]


def test_a_watcher_who_has_seen_more_than_the_backup_has_goes_on_from_there(
    cluster: Cluster, game: Game, tmp_path: Path
) -> None:
    game.play(0)
    back_up(cluster.settings, tmp_path / "backup")
    game.play(3, 1)
    seen: list[News] = []
    stop = threading.Event()

    def watch() -> None:
        for news in game.o.watch(stop=stop):
            seen.append(news)  # noqa: PERF402  # one by one, as they come

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    wait_until(lambda: seen and seen[-1].view.board["cells"] == "XX.O.....")
    cluster.stop()
    restore(cluster.settings, tmp_path / "backup")
    cluster.start()
    wait_until(lambda: seen[-1].gap and seen[-1].view.board["cells"] == "X........")
    game.o.move(8)
    wait_until(lambda: seen[-1].view.board["cells"] == "X.......O")
    stop.set()
    game.x.move(4)
    watching.join()


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "newer", "swapped"])
def test_g8_what_is_no_backup_is_refused_and_changes_nothing(
    cluster: Cluster, game: Game, tmp_path: Path, damage: str
) -> None:
    game.play(0)
    file = tmp_path / "backup"
    back_up(cluster.settings, file)
    whole = file.read_bytes()
    if damage == "newer":
        _repack(file, "backup.json", b'{"format": 99}')
    elif damage == "swapped":
        _repack(file, "journal.db", b"no database")
    else:
        file.write_bytes({"empty": b"", "text": b"a backup, really", "cut": whole[: len(whole) // 2]}[damage])
    refused = command(cluster, "restore", str(file))
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert "backup" in refused.stderr
    wait_until(cluster.is_whole)
    assert game.x.view().board["cells"] == "X........"
    assert not (cluster.settings.data / "archive").exists()


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


def test_a_folder_that_was_copied_while_the_servers_were_stopped_has_everything(
    cluster: Cluster, game: Game, make_cluster: MakeCluster
) -> None:
    game.play(0, 3)
    cluster.stop()
    settings = make_cluster().settings
    shutil.rmtree(settings.data)
    shutil.copytree(cluster.settings.data, settings.data)
    cluster.start()
    copy = Cluster(settings)
    copy.start()
    game.play(1)
    with connect(copy.name_server) as there:
        ada = there.claim("ada", token=game.ada.token)
        assert ada.room(game.x.id).view().board["cells"] == "X..O....."
    copy.stop()
    assert game.x.view().board["cells"] == "XX.O....."


def test_an_interrupted_restoration_leaves_a_log_that_is_whole(
    cluster: Cluster, game: Game, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    game.play(0)
    back_up(cluster.settings, tmp_path / "backup")
    game.play(3)
    cluster.stop()
    moved: list[Path] = []

    def dies(path: Path, archive: Path) -> None:
        if moved:
            raise KeyboardInterrupt
        moved.append(path)
        both_journals.move_aside(path, archive)

    with monkeypatch.context() as patch:
        patch.setattr(restoration, "move_aside", dies)
        with pytest.raises(KeyboardInterrupt):
            restore(cluster.settings, tmp_path / "backup")
    assert relation(cluster.settings) is Relation.MAIN_HAS_ALL
    cluster.start()
    assert game.x.view().board["cells"] == "X..O....."
    cluster.stop()
    restore(cluster.settings, tmp_path / "backup")
    cluster.start()
    assert game.x.view().board["cells"] == "X........"


# -- a journal that is put back alone -----------------------------------------------------------------------------


@pytest.fixture
def put_back(cluster: Cluster, game: Game) -> Cluster:
    """A stopped cluster; its main server's journal is older than the replica's, which has two moves more."""
    game.play(0)
    cluster.stop()
    older = cluster.settings.data / "older"
    shutil.copytree(cluster.settings.data / FOLDERS[MAIN], older)
    cluster.start()
    game.play(3, 1)
    cluster.stop()
    shutil.rmtree(cluster.settings.data / FOLDERS[MAIN])
    older.rename(cluster.settings.data / FOLDERS[MAIN])
    return cluster


def test_g1_main_fetches_what_its_older_journal_lacks(put_back: Cluster, game: Game) -> None:
    assert relation(put_back.settings) is Relation.REPLICA_HAS_ALL
    put_back.start()
    assert game.x.view().board["cells"] == "XX.O....."
    game.play(4, 2)
    assert game.x.view().winner == "ada"


def go_on_alone(cluster: Cluster) -> None:
    """What a main server writes that takes office with a journal which lacks what the replica has."""
    with reading(cluster.settings, MAIN) as journal:
        journal.begin_term(Office(journal.office.epoch + 1, "alone"))
        room = max(copy.stream for copy in journal.copies() if copy.stream.startswith("room/"))
        copy = journal.copy(room)
        said = '{"kind":"said","by":"ada","request_id":"alone-1","at":1,"seat":"X","text":"alone","date":1}'
        journal.append([Entry(journal.last.position + 1, journal.office.epoch, room, copy.version + 1, said)])


@pytest.mark.parametrize(("keep", "cells"), [("replica", "XX.O....."), ("main", "X........")])
def test_g1_two_histories_of_one_epoch_are_kept_both_until_a_person_chooses(
    put_back: Cluster, game: Game, keep: str, cells: str
) -> None:
    go_on_alone(put_back)
    assert relation(put_back.settings) is Relation.DIVERGED
    ends = journal_ends(put_back)
    with pytest.raises(Diverged):
        back_up(put_back.settings, put_back.settings.data / "backup")
    started = command(put_back, "start")
    assert started.returncode == 2
    assert "cluster resolve --keep" in " ".join(started.stderr.split())
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
    (archived,) = (put_back.settings.data / "archive").iterdir()
    other = REPLICATION if keep == "main" else MAIN
    with_copy = open_journal(archived / FOLDERS[other] / both_journals.JOURNAL)
    assert with_copy.end == ends[other]
    with_copy.close()


def journal_ends(cluster: Cluster) -> dict[str, object]:
    """Where both journals end."""
    found: dict[str, object] = {}
    for role in (MAIN, REPLICATION):
        with reading(cluster.settings, role) as journal:
            found[role] = journal.end
    return found


def test_there_is_nothing_to_resolve_in_a_cluster_that_is_whole(cluster: Cluster) -> None:
    wait_until(cluster.is_whole)
    with pytest.raises(NothingToResolve):
        resolve(cluster.settings, MAIN)
    refused = command(cluster, "resolve", "--keep", "replica")
    assert refused.returncode == 2
    assert "nothing to resolve" in refused.stderr
    assert cluster.is_whole()


def test_without_any_journal_there_is_no_backup(cluster: Cluster, tmp_path: Path) -> None:
    cluster.stop()
    for role in (MAIN, REPLICATION):
        shutil.rmtree(cluster.settings.data / FOLDERS[role])
    with pytest.raises(StorageFailed, match="there is no journal"):
        back_up(cluster.settings, tmp_path / "backup")
    assert list(tmp_path.glob("backup*")) == []
    with pytest.raises(StorageFailed):
        restore(cluster.settings, tmp_path / "missing")


def test_a_backup_of_one_journal_alone_is_of_the_one_that_has_all(put_back: Cluster, tmp_path: Path) -> None:
    made = back_up(put_back.settings, tmp_path / "backup")
    with reading(put_back.settings, REPLICATION) as journal:
        assert (made.epoch, made.position) == journal.last
    with pytest.raises(NoBackup, match="no backup"):
        backup_file.unpack(journal_of(put_back.settings, MAIN), tmp_path)
