"""A bit flipped in a row of a journal is noticed, mended from the other copy, and harms nothing but its stream."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from client import Cluster as Connection
from client import connect
from server import processes
from server.cluster import Cluster
from server.lookout import RoleStatus
from server.run_folder import RunFile, RunFolder
from tests.conditions import wait_until
from tests.conftest import MakeCluster
from tests.server.damaging import cut_in_half, edit, flip, streams_of
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.errors import StorageFailed

FOLDERS = {MAIN: "main", REPLICATION: "replication"}
BOTH = (MAIN, REPLICATION)
FAST_SCRUB = {"scrub_every_s": 0.5, "scrub_rows_per_s": 100_000}


def journal_of(cluster: Cluster, role: str) -> Path:
    return cluster.settings.data / FOLDERS[role] / "journal.db"


def played(cluster: Cluster, names: tuple[str, str] = ("ada", "bob")) -> str:
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


def status_of(cluster: Cluster, role: str) -> RoleStatus:
    return next(one for one in cluster.status() if one.role == role)


def version_seen(cluster: Cluster, room: str, name: str = "ada") -> int | None:
    """The version of a room as its player sees it; None while it is refused."""
    try:
        with connect(cluster.name_server) as connection:
            return connection.claim(name, token=token_of(name)).room(room).view().version
    except StorageFailed:
        return None


@pytest.mark.parametrize("prefix", ["room/", "name/", "book/", "service/"])
@pytest.mark.parametrize("damaged", BOTH)
def test_a_flipped_bit_in_one_copy_is_mended_from_the_other(
    make_cluster: MakeCluster, damaged: str, prefix: str
) -> None:
    cluster = make_cluster(**FAST_SCRUB)
    cluster.start()
    room = played(cluster)
    assert cluster.ask_to_drain(True)
    assert cluster.ask_to_drain(False), "so there is something in the stream of the whole cluster"
    wait_until(cluster.is_whole)
    seen = version_seen(cluster, room)
    cluster.stop()
    (stream, *_) = streams_of(journal_of(cluster, damaged), prefix)
    flip(journal_of(cluster, damaged), "entries", stream)
    cluster.start()
    wait_until(lambda: version_seen(cluster, room) == seen)
    wait_until(cluster.is_whole)
    with connect(cluster.name_server) as connection:
        wait_until(lambda: len(connection.games().games) == 1)
        assert play(connection, ("ada", "cy"))
    wait_until(lambda: status_of(cluster, damaged).damage["mended"] == 1)
    assert status_of(cluster, damaged).damage["lost"] == 0
    logs = "".join(file.read_text() for file in (cluster.settings.data / "logs").glob(f"{damaged}-*.log"))
    assert "a row of the journal is damaged" in logs
    assert stream in logs


def test_an_edited_row_is_not_served_as_history(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(**FAST_SCRUB)
    cluster.start()
    room = played(cluster)
    cluster.stop()
    edit(journal_of(cluster, MAIN), f"room/{room}", '"by":"ada"', '"by":"mallory"')
    cluster.start()
    seen = wait_until(lambda: version_seen(cluster, room))
    with connect(cluster.name_server) as connection:
        watched = connection.claim("ada", token=token_of("ada")).room(room).watch(0)
        events = next(news.events for news in watched if news.events)
    assert len(events) == seen
    assert "mallory" not in str(events)


def test_what_is_damaged_in_both_copies_is_refused_and_nothing_else(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(**FAST_SCRUB)
    cluster.start()
    lost, kept = played(cluster), played(cluster, ("eve", "joe"))
    cluster.stop()
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
        wait_until(lambda: [game.record.seats["X"] for game in connection.games().games] == ["eve"])
        play(connection, ("ada", "cy"))
        wait_until(lambda: len(connection.games().games) == 2)
    wait_until(lambda: status_of(cluster, MAIN).damage["lost"] == 2)
    assert f"room/{lost}" in status_of(cluster, MAIN).note
    for role in (MAIN, COMMUNICATION):
        cluster.kill(role)
    wait_until(cluster.is_whole)
    assert version_seen(cluster, kept, "eve")
    assert version_seen(cluster, lost) is None


def test_a_main_server_with_a_damaged_room_takes_office_without_the_replica(make_cluster: MakeCluster) -> None:
    """The room is refused until the replica is back, and the others go on."""
    cluster = make_cluster(**FAST_SCRUB)
    cluster.start()
    damaged, sound = played(cluster), played(cluster, ("eve", "joe"))
    seen = version_seen(cluster, damaged)
    cluster.stop()
    flip(journal_of(cluster, MAIN), "entries", f"room/{damaged}", version=2)
    away = cluster.settings.data / "replication.away"
    journal_of(cluster, REPLICATION).parent.rename(away)
    journal_of(cluster, REPLICATION).parent.write_text("in the way")
    for role in (MAIN, NAME_SERVER, COMMUNICATION):
        started = processes.start(role, cluster.settings)
        if role == NAME_SERVER:
            RunFolder(cluster.settings).write(RunFile.of(role, started.pid))
    wait_until(lambda: status_of(cluster, MAIN).step == "degraded")
    wait_until(lambda: version_seen(cluster, sound, "eve"))
    assert version_seen(cluster, damaged) is None
    journal_of(cluster, REPLICATION).parent.unlink()
    away.rename(journal_of(cluster, REPLICATION).parent)
    wait_until(lambda: version_seen(cluster, damaged) == seen)
    wait_until(cluster.is_whole)


@pytest.mark.parametrize("damaged", BOTH)
def test_a_journal_that_was_cut_in_half_comes_from_the_other_copy(make_cluster: MakeCluster, damaged: str) -> None:
    cluster = make_cluster(**FAST_SCRUB)
    cluster.start()
    rooms = {name: played(cluster, (name, f"{name}-2")) for name in ("ada", "eve", "joe")}
    wait_until(cluster.is_whole)
    seen = {name: version_seen(cluster, room, name) for name, room in rooms.items()}
    cluster.stop()
    cut_in_half(journal_of(cluster, damaged))
    cluster.start()
    assert {name: version_seen(cluster, room, name) for name, room in rooms.items()} == seen
    with connect(cluster.name_server) as connection:
        wait_until(lambda: len(connection.games().games) == len(rooms))


def test_a_main_server_that_lost_its_disk_takes_damage_for_damage(make_cluster: MakeCluster) -> None:
    """A room of which the last copy is damaged is refused: it does not go on from before the damage."""
    cluster = make_cluster(**FAST_SCRUB)
    cluster.start()
    lost, kept = played(cluster), played(cluster, ("eve", "joe"))
    wait_until(cluster.is_whole)
    seen = version_seen(cluster, kept, "eve")
    cluster.stop()
    shutil.rmtree(journal_of(cluster, MAIN).parent)
    flip(journal_of(cluster, REPLICATION), "entries", f"room/{lost}")
    cluster.start()
    wait_until(cluster.is_whole)
    assert version_seen(cluster, lost) is None
    assert version_seen(cluster, kept, "eve") == seen
    wait_until(lambda: status_of(cluster, MAIN).damage["lost"] == 1)
