"""A bit flipped in a row of a journal is noticed, mended from the other copy, and harms nothing but its stream."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from client import Cluster as Connection
from client import connect
from server.control.cluster import ClusterControl
from server.supervision import processes
from server.supervision.role_status import RoleStatus
from server.supervision.run_directory import RunDirectory, RunFile
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, end
from tests.server.log.damaging import cut_in_half, edit, flip, streams_of
from verify.testbed.local_cluster import copy_data_folder, sandbox_cluster, sandbox_settings
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.errors import StorageFailed

FOLDERS = {MAIN: "main", REPLICATION: "replication"}
BOTH = (MAIN, REPLICATION)
FAST_SCRUB = {"scrub_every_s": 0.5, "scrub_rows_per_s": 100_000}
STREAMS = ("room/", "name/", "book/", "service/")
PLAYERS = (("ada", "bob"), ("eve", "joe"), ("kim", "lou"))


def journal_of(cluster: ClusterControl, role: str) -> Path:
    return cluster.settings.data / FOLDERS[role] / "journal.db"


def played(cluster: ClusterControl, names: tuple[str, str] = ("ada", "bob")) -> str:
    """A finished game, so that there are rooms, names, records and service time; its room."""
    with connect(cluster.name_server) as connection:
        return play(connection, names)


def play(connection: Connection, names: tuple[str, str]) -> str:
    """Play a game to its end; its room."""
    x, o = (connection.claim(name, token=token_of(name)) for name in names)
    room = x.create("a game")
    other = o.room(room.id)
    room.join()
    other.join()
    for seat, cell in zip((room, other, room, other, room), (0, 3, 1, 4, 2), strict=True):
        seat.move(cell)
    return str(room.id)


def token_of(name: str) -> str:
    """A token that each connection of a test can have again."""
    return (name * 43)[:43]


def status_of(cluster: ClusterControl, role: str) -> RoleStatus:
    return next(one for one in cluster.status() if one.role == role)


def version_seen(cluster: ClusterControl, room: str, name: str = "ada") -> int | None:
    """The version of a room as its player sees it; None while it is refused."""
    try:
        with connect(cluster.name_server) as connection:
            return connection.claim(name, token=token_of(name)).room(room).view().version
    except StorageFailed:
        return None


@dataclass(frozen=True)
class Played:
    """What was played before the servers were stopped."""

    data: Path
    rooms: dict[str, str]
    """The room of each who played X."""
    versions: dict[str, int | None]
    """As they saw them."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A data folder with finished games of three pairs, copied when its servers were stopped."""
    data = tmp_path_factory.mktemp("played") / "data"
    with sandbox_cluster(hang_s=HANG_S, **FAST_SCRUB) as cluster:
        rooms = {names[0]: played(cluster, names) for names in PLAYERS}
        assert cluster.set_drain(True)
        assert cluster.set_drain(False), "so there is something in the stream of the whole cluster"
        wait_until(cluster.is_whole)
        versions = {name: version_seen(cluster, room, name) for name, room in rooms.items()}
        cluster.stop(timeout_s=PATIENCE_S)
        copy_data_folder(cluster.settings.data, data)
        shutil.rmtree(data / "logs")
    return Played(data, rooms, versions)


@pytest.fixture
def cluster(before: Played, tmp_path: Path) -> Iterator[ClusterControl]:
    """A cluster with a copy of that folder, not started."""
    settings = sandbox_settings(copy_data_folder(before.data, tmp_path / "data"), hang_s=HANG_S, **FAST_SCRUB)
    cluster = ClusterControl(settings)
    yield cluster
    end(cluster)


@pytest.mark.parametrize(
    ("of_main", "of_replica"),
    [(STREAMS[number - 1], STREAMS[number]) for number in range(len(STREAMS))],
)
def test_a_flipped_bit_in_one_copy_is_mended_from_the_other(
    cluster: ClusterControl, before: Played, of_main: str, of_replica: str
) -> None:
    """At once in each copy, in another stream."""
    damaged = {}
    for role, prefix in ((MAIN, of_main), (REPLICATION, of_replica)):
        (damaged[role], *_) = streams_of(journal_of(cluster, role), prefix)
        flip(journal_of(cluster, role), "entries", damaged[role])
    cluster.start(timeout_s=PATIENCE_S)
    for name, room in before.rooms.items():
        wait_until(lambda name=name, room=room: version_seen(cluster, room, name) == before.versions[name])
    wait_until(cluster.is_whole)
    with connect(cluster.name_server) as connection:
        wait_until(lambda: len(connection.games().games) == len(PLAYERS))
        assert play(connection, ("ada", "cy"))
    for role, stream in damaged.items():
        wait_until(lambda role=role: status_of(cluster, role).damage["mended"] == 1)
        assert status_of(cluster, role).damage["lost"] == 0
        logs = "".join(file.read_text() for file in (cluster.settings.data / "logs").glob(f"{role}-*.log"))
        assert "row damaged" in logs
        assert stream in logs


def test_an_edited_row_is_not_served_as_history(cluster: ClusterControl, before: Played) -> None:
    room = before.rooms["ada"]
    edit(journal_of(cluster, MAIN), f"room/{room}", '"by":"ada"', '"by":"mallory"')
    cluster.start()
    seen = wait_until(lambda: version_seen(cluster, room))
    with connect(cluster.name_server) as connection:
        watched = connection.claim("ada", token=token_of("ada")).room(room).watch(0)
        events = next(news.events for news in watched if news.events)
    assert len(events) == seen
    assert "mallory" not in str(events)


def test_what_is_damaged_in_both_copies_is_refused_and_nothing_else(cluster: ClusterControl, before: Played) -> None:
    lost, kept = before.rooms["ada"], before.rooms["eve"]
    for role in BOTH:
        flip(journal_of(cluster, role), "entries", f"room/{lost}", version=3)
        flip(journal_of(cluster, role), "entries", "book/0", version=1)
    flip(journal_of(cluster, MAIN), "listings", f"room/{lost}")
    cluster.start()
    wait_until(cluster.is_whole)
    with connect(cluster.name_server) as connection:
        ada = connection.claim("ada", token=token_of("ada"))
        for ask in (ada.room(lost).view, ada.room(lost).join, ada.room(lost).resign):
            with pytest.raises(StorageFailed):
                ask()
        assert connection.claim("eve", token=token_of("eve")).room(kept).view().version
        wait_until(lambda: [game.record.seats["X"] for game in connection.games().games] == ["kim", "eve"])
        play(connection, ("ada", "cy"))
        wait_until(lambda: len(connection.games().games) == len(PLAYERS))
    wait_until(lambda: status_of(cluster, MAIN).damage["lost"] == 2)
    assert f"room/{lost}" in status_of(cluster, MAIN).note
    for role in (MAIN, COMMUNICATION):
        cluster.kill(role)
    wait_until(cluster.is_whole)
    assert version_seen(cluster, kept, "eve")
    assert version_seen(cluster, lost) is None


def test_a_main_server_with_a_damaged_room_takes_over_without_the_replica(
    cluster: ClusterControl, before: Played
) -> None:
    """The room is refused until the replica is back, and the others go on."""
    damaged, sound = before.rooms["ada"], before.rooms["eve"]
    flip(journal_of(cluster, MAIN), "entries", f"room/{damaged}", version=2)
    away = cluster.settings.data / "replication.away"
    journal_of(cluster, REPLICATION).parent.rename(away)
    journal_of(cluster, REPLICATION).parent.write_text("in the way")
    for role in (MAIN, NAME_SERVER, COMMUNICATION):
        started = processes.start(role, cluster.settings)
        if role == NAME_SERVER:
            RunDirectory(cluster.settings).write(RunFile.of(role, started.pid))
    wait_until(lambda: status_of(cluster, MAIN).step == "degraded")
    wait_until(lambda: version_seen(cluster, sound, "eve"))
    assert version_seen(cluster, damaged) is None
    journal_of(cluster, REPLICATION).parent.unlink()
    away.rename(journal_of(cluster, REPLICATION).parent)
    wait_until(lambda: version_seen(cluster, damaged) == before.versions["ada"])
    wait_until(cluster.is_whole)


@pytest.mark.parametrize("damaged", BOTH)
def test_a_journal_that_was_cut_in_half_comes_from_the_other_copy(
    cluster: ClusterControl, before: Played, damaged: str
) -> None:
    cut_in_half(journal_of(cluster, damaged))
    cluster.start()
    assert {name: version_seen(cluster, room, name) for name, room in before.rooms.items()} == before.versions
    with connect(cluster.name_server) as connection:
        wait_until(lambda: len(connection.games().games) == len(PLAYERS))


def test_a_main_server_that_lost_its_disk_takes_damage_for_damage(cluster: ClusterControl, before: Played) -> None:
    """A room of which the last copy is damaged is refused: it does not go on from before the damage."""
    lost, kept = before.rooms["ada"], before.rooms["eve"]
    shutil.rmtree(journal_of(cluster, MAIN).parent)
    flip(journal_of(cluster, REPLICATION), "entries", f"room/{lost}")
    cluster.start()
    wait_until(cluster.is_whole)
    assert version_seen(cluster, lost) is None
    assert version_seen(cluster, kept, "eve") == before.versions["eve"]
    wait_until(lambda: status_of(cluster, MAIN).damage["lost"] == 1)
