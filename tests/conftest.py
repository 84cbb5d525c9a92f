"""What all tests share: a cluster of one's own, on free ports and in a temporary folder, that leaves nothing behind."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from client import Cluster as Connection
from client import Player, RoomClient, connect
from server.control.cluster import ClusterControl
from server.settings import Settings
from server.supervision import processes
from tests.conditions import PATIENCE_S, wait_until
from tests.examples import load_examples
from verify.testbed.cluster_faults import ClusterFaults
from verify.testbed.local_cluster import sandbox_cluster, sandbox_settings
from wire import COMMUNICATION
from wire.rpc import Proxy

# A shell starts what runs in the background with Ctrl-C ignored, and so would be all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

MakeCluster = Callable[..., ClusterControl]
STARTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn"})
HANG_S = 5.0
"""On a busy machine a server that is well may be silent for longer than HANG_S is by default, and would be replaced."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--in-one-process", action="store_true", help="skip tests that start a process or take long; try fewer examples"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes seconds, so not part of make check")
    between_edits = config.getoption("--in-one-process")
    load_examples(between_edits=between_edits)
    if between_edits:
        sys.addaudithook(skip_what_starts_a_process)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--in-one-process"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="takes long"))


def skip_what_starts_a_process(event: str, _arguments: object) -> None:
    """Skip the test that is about to start one. Collecting tests starts none."""
    if event in STARTS and os.environ.get("PYTEST_CURRENT_TEST"):
        pytest.skip("starts a process")


@pytest.fixture
def faults(tmp_path: Path) -> Path:
    """A folder where a file switches a fault on; see ``server/runtime/failpoints.py``."""
    folder = tmp_path / "faults"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(tmp_path: Path, faults: Path) -> Settings:
    """Settings for a cluster of one's own."""
    return sandbox_settings(tmp_path / "data", test_faults=str(faults), hang_s=HANG_S)


@pytest.fixture
def make_cluster(tmp_path: Path, faults: Path) -> Iterator[MakeCluster]:
    """Make clusters with changed settings; each is stopped and seen to be gone in the end."""
    with ExitStack() as stack:

        def make(**changes: Any) -> ClusterControl:
            number = len(list(tmp_path.glob("data*")))
            changed = {"test_faults": str(faults), "hang_s": HANG_S, **changes}
            cluster = ClusterControl(sandbox_settings(tmp_path / f"data{number}", **changed))
            stack.callback(end, cluster)
            return cluster

        yield make


@pytest.fixture
def cluster(make_cluster: MakeCluster) -> ClusterControl:
    """A running cluster."""
    cluster = make_cluster()
    cluster.start(timeout_s=PATIENCE_S)
    return cluster


@pytest.fixture(scope="session")
def shared_cluster() -> Iterator[ClusterControl]:
    """A running cluster that tests share which use names of their own and leave it whole."""
    with sandbox_cluster(hang_s=HANG_S) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def lasting_changes() -> dict[str, Any]:
    """What a module's lasting cluster has other than the default."""
    return {}


@pytest.fixture(scope="module")
def lasting_cluster(
    tmp_path_factory: pytest.TempPathFactory, lasting_changes: dict[str, Any]
) -> Iterator[ClusterControl]:
    """A running cluster for all tests of a module, also for those that break it: each first makes it ``whole``."""
    folder = tmp_path_factory.mktemp("lasting")
    (folder / "faults").mkdir()
    changed = {"test_faults": str(folder / "faults"), "hang_s": HANG_S, **lasting_changes}
    cluster = ClusterControl(sandbox_settings(folder / "data", **changed))
    try:
        cluster.start(timeout_s=PATIENCE_S)
        yield cluster
    finally:
        end(cluster)


@pytest.fixture
def connection(cluster: ClusterControl) -> Iterator[Connection]:
    """A client's connection to it."""
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


class Game:
    """Two players in a room of their own."""

    def __init__(
        self,
        connection: Connection,
        names: tuple[str, str] = ("ada", "bob"),
        tokens: Mapping[str, str] = MappingProxyType({}),
        **options: object,
    ) -> None:
        self.ada: Player = connection.claim(names[0], token=tokens.get(names[0]))
        self.bob: Player = connection.claim(names[1], token=tokens.get(names[1]))
        self.x: RoomClient = self.ada.create("a game", **options)
        self.o: RoomClient = self.bob.room(self.x.id)
        self.x.join()
        self.o.join()

    def play(self, *cells: int) -> None:
        """Play these cells, in turn."""
        for cell in cells:
            self.to_move().move(cell)

    def to_move(self) -> RoomClient:
        """Whoever is to move."""
        view = self.x.view()
        return self.x if view.turn == view.seat_of(self.x.name) else self.o

    def close(self) -> None:
        """End what is played, and close the room: others find the lobby as it was."""
        if self.x.view().phase == "playing":
            self.x.resign()
        self.x.close()
        for room in (self.x, self.o):
            room.disconnect()


_numbers = itertools.count(1)


def new_names(*names: str) -> Any:
    """Names like these that no test has had before, for a cluster that tests share."""
    number = next(_numbers)
    return tuple(f"{name} {number}" for name in names)


@pytest.fixture
def game(connection: Connection) -> Game:
    """A game that has just begun."""
    return Game(connection)


def ask_once(cluster: ClusterControl, method: str, *arguments: object) -> Any:
    """Call a method of the front door once: a refusal is raised at once, where the client library would try again."""
    front_door = Proxy(cluster.settings.public_address_of(COMMUNICATION), COMMUNICATION)
    try:
        return front_door.call(method, *arguments, timeout_s=PATIENCE_S)
    finally:
        front_door.close()


def whole(cluster: ClusterControl) -> ClusterControl:
    """This cluster once all four run, whatever the test before has done to it."""
    if not cluster.runs_here():
        cluster.start(timeout_s=PATIENCE_S)
    wait_until(cluster.is_whole, what="all four to run")
    return cluster


def whole_and_empty(cluster: ClusterControl) -> ClusterControl:
    """This cluster once all four run and no room of another test is open."""
    with connect(whole(cluster).name_server, deadline_s=PATIENCE_S) as connection:
        wait_until(lambda: not connection.rooms(), what="no room to be open")
    return cluster


def whole_with_room(cluster: ClusterControl) -> ClusterControl:
    """This cluster once all four run and can write. What is just being started has inherited the full disk."""
    havoc = ClusterFaults(cluster, None, None, {}, {})

    def runs() -> bool:
        havoc.free_disk()
        return cluster.is_whole()

    wait_until(runs, what="all four to run, with room on the disk")
    return cluster


def end(cluster: ClusterControl) -> None:
    """Stop a cluster, and see that nothing of it is left."""
    cluster.stop(timeout_s=PATIENCE_S)
    left = [role for role in processes.ROLES if cluster.process_of(role) is not None]
    if left:
        sys.stderr.write(f"left behind: {left}\n")
    assert not left
