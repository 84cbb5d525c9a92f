"""What the tests here share: one cluster a module, which its tests kill; each finds it whole again."""

from __future__ import annotations

from pathlib import Path

import pytest

from client import Cluster as Connection
from server.control.cluster import ClusterControl
from tests.conftest import Game, new_names, whole


@pytest.fixture
def cluster(lasting_cluster: ClusterControl) -> ClusterControl:
    """The cluster of all tests of the module, whole again."""
    return whole(lasting_cluster)


@pytest.fixture
def faults(cluster: ClusterControl) -> Path:
    """The folder where a file makes its servers fail; see ``server/runtime/failpoints.py``."""
    return Path(cluster.settings.test_faults)


@pytest.fixture
def game(connection: Connection) -> Game:
    """A game of two players who are new to the cluster."""
    return Game(connection, new_names("ada", "bob"))
