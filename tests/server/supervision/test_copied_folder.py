"""A copy of a data folder, made while the servers run: whatever is done with it, the original's servers go on."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from client import connect
from server.control.cluster import CannotStart, ClusterControl, NotRunning
from server.control.drain_command import drain
from server.settings import ROOT, Settings, as_environment
from server.supervision import processes
from server.supervision.processes import ROLES
from server.supervision.run_directory import RunDirectory
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game, MakeCluster, end
from tests.server.control.test_cluster import left_of, pids_of
from verify.testbed.local_cluster import copy_data_folder, sandbox_cluster, sandbox_settings
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

SERVERS = (MAIN, COMMUNICATION, REPLICATION)


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterControl]:
    """The original: a running cluster, to which nothing happens by what is done with its copies."""
    with sandbox_cluster(hang_s=HANG_S) as cluster:
        yield cluster


def copied(cluster: ClusterControl, folder: Path) -> Path:
    """A copy of its data folder, as ``cp -r`` makes one."""
    return copy_data_folder(cluster.settings.data, folder)


@pytest.fixture
def same_ports(cluster: ClusterControl, tmp_path: Path) -> Settings:
    """A copy that is used with the original's settings, but for the folder."""
    return dataclasses.replace(cluster.settings, data_folder=str(copied(cluster, tmp_path / "copy")))


@pytest.fixture
def other_ports(cluster: ClusterControl, tmp_path: Path) -> Iterator[Settings]:
    """A copy with ports of its own."""
    copy = copied(cluster, tmp_path / "copy")
    settings = sandbox_settings(copy, start_grace_s=0.2)
    yield settings
    end(ClusterControl(settings))


@pytest.fixture
def untouched(cluster: ClusterControl) -> Iterator[None]:
    """In the end the original runs as before, every process of it."""
    before = pids_of(cluster)
    assert sorted(before) == sorted(ROLES)
    yield
    assert pids_of(cluster) == before
    wait_until(cluster.is_whole)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("ports", ["same_ports", "other_ports"])
def test_a_stop_in_the_copy_ends_nothing_of_the_original(ports: str, request: pytest.FixtureRequest) -> None:
    copy = ClusterControl(request.getfixturevalue(ports))
    copy.stop()
    assert pids_of(copy) == {}


@pytest.mark.usefixtures("untouched")
def test_servers_of_the_copy_end_nothing_of_the_original(
    cluster: ClusterControl, game: Game, other_ports: Settings
) -> None:
    game.play(0)
    processes.start(REPLICATION, other_ports)
    copy = ClusterControl(other_ports)
    wait_until(copy.is_whole, what="the copy's replication server has started the others of its own folder")
    assert not set(pids_of(copy).values()) & set(pids_of(cluster).values())
    game.play(3)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("role", ROLES)
def test_nothing_of_the_original_is_killed_from_the_copy(same_ports: Settings, role: str) -> None:
    with pytest.raises(NotRunning, match=role.replace("_", ".")):
        ClusterControl(same_ports).kill(role)


@pytest.mark.usefixtures("untouched")
def test_the_original_is_not_emptied_from_the_copy(cluster: ClusterControl, same_ports: Settings) -> None:
    with pytest.raises(NotRunning):
        drain(ClusterControl(same_ports))
    drains = cluster.drain_status()
    assert drains is not None
    assert not drains.on


@pytest.mark.usefixtures("untouched")
def test_a_start_of_the_copy_on_the_same_ports_is_refused_and_says_why(
    cluster: ClusterControl, same_ports: Settings
) -> None:
    main = pids_of(cluster)[MAIN]
    with pytest.raises(CannotStart, match=rf"(?s)main_server .* another data folder .*{main}.* ports of its own"):
        ClusterControl(same_ports).start()
    assert left_of(same_ports) == [], "nothing was started"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("role", SERVERS)
def test_a_server_of_the_copy_on_the_same_ports_is_refused(same_ports: Settings, role: str) -> None:
    refused = subprocess.run(
        [sys.executable, f"server/{role}.py"],
        cwd=ROOT,
        env=as_environment(same_ports),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert refused.returncode == processes.CANNOT_START
    assert f"cannot listen on {same_ports.peer_address_of(role)}" in refused.stderr


def test_the_status_of_the_copy_tells_whose_servers_answer(cluster: ClusterControl, same_ports: Settings) -> None:
    original = pids_of(cluster)
    for status in ClusterControl(same_ports).status():
        if status.role != NAME_SERVER:
            assert (status.state, status.pid) == ("stopped", None)
            assert f"another data folder (pid {original[status.role]})" in status.note
    assert not ClusterControl(same_ports).is_whole()


def test_a_folder_that_was_moved_goes_on_where_it_was(make_cluster: MakeCluster, tmp_path: Path) -> None:
    cluster = make_cluster()
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        game.play(0, 3)
        cluster.stop()
        moved = cluster.settings.data.rename(tmp_path / "moved")
        after = ClusterControl(dataclasses.replace(cluster.settings, data_folder=str(moved)))
        try:
            after.start()
            assert game.x.view().board["cells"] == "X..O....."
        finally:
            end(after)


def test_a_copy_in_the_place_of_the_original_does_not_end_what_ran_there(
    make_cluster: MakeCluster, tmp_path: Path
) -> None:
    cluster = make_cluster()
    cluster.start()
    copy = copied(cluster, tmp_path / "copy")
    before = pids_of(cluster)
    cluster.settings.data.rename(tmp_path / "old")
    copy.rename(cluster.settings.data)
    ClusterControl(cluster.settings).stop()
    moved = ClusterControl(dataclasses.replace(cluster.settings, data_folder=str(tmp_path / "old")))
    try:
        assert pids_of(moved) == before
    finally:
        end(moved)


# -- what is written down ---------------------------------------------------------------------------------------------


def test_run_files_of_an_older_version_count_where_their_process_holds_the_lock(
    cluster: ClusterControl, tmp_path: Path
) -> None:
    """They name a pid and its start, and nothing else."""
    runs = pids_of(cluster)
    files = {role: cluster.settings.data / "run" / f"{role}.json" for role in ROLES}
    texts = {role: file.read_text() for role, file in files.items()}
    for role, file in files.items():
        plain = json.loads(texts[role])
        file.write_text(json.dumps({name: plain[name] for name in ("role", "pid", "created")}))
    copy = ClusterControl(dataclasses.replace(cluster.settings, data_folder=str(copied(cluster, tmp_path / "copy"))))
    assert pids_of(copy) == {}
    assert pids_of(cluster) == runs
    copy.stop()
    assert pids_of(cluster) == runs
    for role, file in files.items():
        file.write_text(texts[role])


def test_a_run_file_of_before_the_last_boot_names_no_process(settings: Settings) -> None:
    folder = RunDirectory(settings)
    run = folder.run_of(MAIN, os.getpid())
    assert run.alive
    assert not structs.replace(run, boot="another").alive
    folder.write(structs.replace(run, boot="another"))
    read = folder.read(MAIN)
    assert read is not None, "it ran here, and is missed"
    assert not read.alive


def test_a_run_file_of_a_newer_version_is_read(settings: Settings) -> None:
    folder = RunDirectory(settings)
    run = folder.run_of(MAIN, os.getpid())
    file = settings.data / "run" / f"{MAIN}.json"
    file.write_text(json.dumps({**structs.asdict(run), "more": 1}))
    assert folder.read(MAIN) == run


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", b'{"role": "main_server"}', b'{"role": "m", "pid": "7", "created": 1}']
)
def test_a_run_file_that_is_none_names_no_process(settings: Settings, content: bytes) -> None:
    folder = RunDirectory(settings)
    (settings.data / "run" / f"{MAIN}.json").write_bytes(content)
    assert folder.read(MAIN) is None
