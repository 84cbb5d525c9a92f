"""Small files are written whole: the old text or the new one, and nothing beside it."""

from __future__ import annotations

import os
import resource
import stat
import sys
from pathlib import Path

import pytest

from wire.atomic_files import create_file, remove_leftovers, replace_file


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    file = tmp_path / "it.json"
    replace_file(file, "old")
    replace_file(file, "new", mode=0o600, synced=True)
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names(tmp_path) == ["it.json"]


def test_the_first_one_who_makes_a_file_has_made_it(tmp_path: Path) -> None:
    file = tmp_path / "it.key"
    assert create_file(file, "first", mode=0o600)
    assert not create_file(file, "second", mode=0o600)
    assert file.read_text() == "first"
    assert names(tmp_path) == ["it.key"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process's files be limited")
@pytest.mark.parametrize("write", [replace_file, create_file], ids=["replace", "create"])
def test_a_write_on_a_full_disk_leaves_nothing_behind(tmp_path: Path, write: object) -> None:
    file = tmp_path / "it.json"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(OSError, match="large"):
            write(file, "text")  # type: ignore[operator]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(tmp_path) == []


def test_leftovers_of_dead_processes_are_removed_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    kept = [f"ours.json.7.{os.getpid()}.new", "living.json.8.1234.new", "no-pid.new", "it.json", "main.1234.json"]
    for name in [*kept, "dead.json.9.4321.new", "dead.4321.new"]:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path, runs=lambda pid: pid == 1234)
    assert names(tmp_path) == sorted(kept)
    remove_leftovers(tmp_path, named="living.json")
    assert "living.json.8.1234.new" not in names(tmp_path)
