"""The two journals of a data folder, read and replaced from outside."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from server.control.backup_file import back_up
from server.control.restoration import restore
from server.log.entries import Entry, Epoch
from server.log.journal.file import open_journal
from server.log.journal.pair import FOLDERS, JOURNAL, Relation, journal_of, known_epoch, relation
from server.settings import Settings
from wire import MAIN, REPLICATION
from wire.errors import StorageFailed

ENTRIES = [Entry(at, 3, "room/aaaa", at, "{}") for at in (1, 2, 3)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a data folder in which the replica's copy is behind."""
    settings = Settings(data_folder=str(tmp_path / "data"))
    for role, entries in ((MAIN, ENTRIES), (REPLICATION, ENTRIES[:1])):
        journal = open_journal(journal_of(settings, role))
        journal.begin_term(Epoch(3, "me"))
        journal.append(entries)
        journal.close()
    return settings


def test_a_journal_that_a_server_has_for_itself_is_not_taken_for_one_that_has_nothing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: connect(*given, **{**more, "timeout": 0.0}))
    with contextlib.closing(connect(journal_of(settings, MAIN), isolation_level=None)) as server:
        server.execute("PRAGMA locking_mode = EXCLUSIVE")
        server.execute("BEGIN EXCLUSIVE")
        for asks in (relation, known_epoch, lambda of: back_up(of, tmp_path / "backup")):
            with pytest.raises(StorageFailed, match="locked"):
                asks(settings)
    assert not (tmp_path / "backup").exists()
    assert relation(settings) is Relation.MAIN_HAS_ALL


def test_a_journal_that_is_none_any_more_has_nothing(settings: Settings) -> None:
    journal_of(settings, MAIN).write_bytes(b"no database" * 1000)
    assert relation(settings) is Relation.REPLICA_HAS_ALL
    assert known_epoch(settings) == 3


def test_a_restored_journal_is_on_the_disk_before_it_takes_the_place_of_the_old_one(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(settings, tmp_path / "backup")
    done: list[tuple[str, Path]] = []
    fsync, rename = os.fsync, Path.rename

    def syncs(descriptor: int) -> None:
        found = os.fstat(descriptor)
        paths = (path for path in (settings.data, *settings.data.rglob("*")) if os.path.samestat(path.stat(), found))
        done.extend(("synced", path.relative_to(settings.data)) for path in paths)
        fsync(descriptor)

    def renames(path: Path, target: Path) -> Path:
        done.append(("renamed", path.relative_to(settings.data)))
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", syncs)
        patch.setattr(Path, "rename", renames)
        restore(settings, tmp_path / "backup")
    for role in (REPLICATION, MAIN):
        ready = Path("incoming", FOLDERS[role])
        old, new = done.index(("renamed", Path(FOLDERS[role]))), done.index(("renamed", ready))
        assert {("synced", ready / JOURNAL), ("synced", ready)} <= set(done[:old])
        assert ("synced", Path()) in done[new:]
