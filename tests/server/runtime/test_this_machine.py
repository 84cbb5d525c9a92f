"""Main and replication server on two machines are refused, however that comes about: that log would hold nothing."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from server.control.cluster import CannotStart, ClusterControl
from server.runtime.this_machine import check_one_machine, is_here, machine_id
from server.settings import Settings, SettingsError
from server.supervision import processes
from server.supervision.processes import CANNOT_START
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, end
from verify.testbed.local_cluster import copy_data_folder, sandbox_settings
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

NOWHERE = "192.0.2.7"
"""An address of nobody, see RFC 5737."""
APART = "must run on one machine with one DATA_FOLDER"
HERE = (NAME_SERVER, MAIN, REPLICATION)


def log_of(settings: Settings, role: str) -> str:
    return "".join(file.read_text() for file in sorted((settings.data / "logs").glob(f"{role}-*.log")))


@contextmanager
def started(role: str, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A server, which is gone in the end."""
    with processes.start(role, settings) as process:
        try:
            yield process
        finally:
            process.kill()


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "localhost", "::1", "0.0.0.0"])  # noqa: S104  # not bound
def test_loopback_is_here(host: str) -> None:
    assert is_here(host)


def test_every_address_of_this_machine_is_here() -> None:
    families = (socket.AF_INET, socket.AF_INET6)
    own = [one.address for ones in psutil.net_if_addrs().values() for one in ones if one.family in families]
    assert own
    assert all(is_here(address) for address in own)


@pytest.mark.parametrize("host", [NOWHERE, "2001:db8::7", "no-such-host.invalid", "", "x" * 300])
def test_addresses_of_others_and_of_nobody_are_not_here(host: str) -> None:
    assert not is_here(host)


@pytest.mark.parametrize("name", ["main_host", "replication_host"])
def test_a_log_on_two_machines_is_an_error_that_names_what_would_do(name: str) -> None:
    elsewhere = {name: NOWHERE, "peer_bind_host": "0.0.0.0", "bind_host": "0.0.0.0"}  # noqa: S104  # not bound
    settings = Settings(name_server_host=NOWHERE, public_host=NOWHERE, **elsewhere)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=rf"{name.upper()} {NOWHERE} .*set MAIN_HOST and REPLICATION_HOST"):
        check_one_machine(settings)


@pytest.fixture
def apart(settings: Settings) -> Settings:
    """The replica on another machine."""
    return replace(settings, replication_host="no-such-host.invalid")


@pytest.mark.parametrize("role", [MAIN, REPLICATION])
def test_a_server_of_a_log_on_two_machines_does_not_start(apart: Settings, role: str) -> None:
    with started(role, apart) as process:
        assert process.wait(60) == CANNOT_START
    assert "REPLICATION_HOST no-such-host.invalid is no address of this machine" in log_of(apart, role)


def test_a_cluster_with_a_log_on_two_machines_is_not_started(apart: Settings) -> None:
    with pytest.raises(SettingsError, match=r"REPLICATION_HOST no-such-host\.invalid"):
        ClusterControl(apart).start()
    assert not (apart.data / "logs").exists()


@pytest.fixture(scope="module")
def started_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ClusterControl, list[str]]]:
    """A running cluster whose front door is elsewhere, and who came up here: the other three."""
    folder = tmp_path_factory.mktemp("cluster") / "data"
    changes: dict[str, Any] = {"communication_host": "no-such-host.invalid", "start_grace_s": 0.1, "hang_s": HANG_S}
    cluster, up = ClusterControl(sandbox_settings(folder, **changes)), list[str]()
    try:
        cluster.start(up.append, timeout_s=PATIENCE_S)
        yield cluster, up
    finally:
        end(cluster)


@pytest.fixture
def cluster(started_here: tuple[ClusterControl, list[str]]) -> ClusterControl:
    return started_here[0]


def is_well(cluster: ClusterControl) -> bool:
    """Whether all of it that belongs here does its work."""
    return all(cluster.is_up(role) for role in HERE)


def test_a_cluster_starts_without_what_is_on_other_machines(started_here: tuple[ClusterControl, list[str]]) -> None:
    cluster, up = started_here
    assert sorted(up) == sorted(HERE)
    assert cluster.process_of(COMMUNICATION) is None


def test_where_no_server_belongs_none_is_started(settings: Settings) -> None:
    hosts = ("name_server_host", "main_host", "communication_host", "replication_host")
    changes: dict[str, Any] = dict.fromkeys(hosts, "no-such-host.invalid")
    with pytest.raises(CannotStart, match="none of the servers"):
        ClusterControl(replace(settings, **changes)).start()


# -- the lock that both see -------------------------------------------------------------------------------------------


def test_a_copy_of_a_folder_is_another_machine_and_the_folder_under_another_name_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "link").symlink_to(folder)
    assert machine_id(tmp_path / "copy") != machine_id(folder)
    assert machine_id(tmp_path / "link") == machine_id(folder)
    before = machine_id(folder)
    assert machine_id(folder.rename(tmp_path / "moved")) == before


def elsewhere_of(settings: Settings, folder: Path) -> Settings:
    """A main server with a data folder of its own, at another loopback address, and the same replica."""
    return replace(
        settings,
        data_folder=str(folder),
        cluster_key=(settings.data / "cluster.key").read_text(),
        main_host="127.0.0.2",
        bind_host="127.0.0.2",
        peer_bind_host="127.0.0.2",
        metrics_host="127.0.0.2",
        start_grace_s=PATIENCE_S,
    )


def test_two_loopback_addresses_with_data_folders_of_their_own_are_two_machines(
    cluster: ClusterControl, tmp_path: Path
) -> None:
    before = cluster.process_of(MAIN)
    settings = elsewhere_of(cluster.settings, tmp_path / "elsewhere")
    with started(MAIN, settings) as process:
        assert process.wait(60) == CANNOT_START
    assert APART in log_of(settings, MAIN)
    assert is_well(cluster)
    assert cluster.process_of(MAIN) == before


def test_a_copied_data_folder_is_another_machine(cluster: ClusterControl, tmp_path: Path) -> None:
    """With its locks, its run files, its key and its journal: only the folder itself is another."""
    copy = tmp_path / "copy"
    copy_data_folder(cluster.settings.data, copy)
    settings = elsewhere_of(cluster.settings, copy)
    with started(MAIN, settings) as process:
        assert process.wait(60) == CANNOT_START
    assert APART in log_of(settings, MAIN)
    assert is_well(cluster)


def test_the_watch_over_another_machines_server_starts_and_ends_nobody(cluster: ClusterControl) -> None:
    main = cluster.process_of(MAIN)
    assert main is not None
    assert cluster.kill(MAIN) == main.pid
    wait_until(lambda: cluster.process_of(MAIN) not in (None, main), what="the main server is started again")
    assert cluster.process_of(COMMUNICATION) is None


def test_a_main_server_that_took_over_alone_ends_when_the_replica_turns_out_to_be_another_machines(
    cluster: ClusterControl, tmp_path: Path
) -> None:
    wait_until(lambda: is_well(cluster))
    copy = tmp_path / "copy"
    copy_data_folder(cluster.settings.data, copy)
    waits_long = replace(cluster.settings, start_grace_s=PATIENCE_S)
    settings = replace(elsewhere_of(waits_long, copy), recovery_wait_s=0.1, start_grace_s=1e6)
    shutil.rmtree(copy / "run")  # nobody is missed there
    cluster.stop()
    with started(MAIN, settings) as process:
        wait_until(lambda: "became primary" in log_of(settings, MAIN), what="it has a journal, and nobody answers")
        with started(REPLICATION, waits_long) as replication:
            assert process.wait(60) != 0
            assert APART in log_of(settings, MAIN)
            assert replication.poll() is None
    cluster.stop()
