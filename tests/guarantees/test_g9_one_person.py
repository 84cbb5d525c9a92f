"""G9 against one person: what one name, and one host, may have of everything; nobody else is in their way."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from client import Cluster as Connection
from client import Player, connect
from client.credentials import new_token
from client.player import new_recovery_code
from client.room import new_request_id
from game.errors import LimitReached, WrongCode
from server.control.cluster import ClusterControl
from server.main.account_service import WRONG_CODES_AT_ONCE
from tests.conditions import PATIENCE_S, wait_until
from tests.hosts import calling_from, new_host, several_hosts
from verify.testbed.local_cluster import sandbox_cluster
from wire import MAIN
from wire.errors import Busy

pytestmark = several_hosts
ROOMS, ROOMS_OF_HOST, NAMES, KEPT, SEATS, PEOPLE, BOT_MATCHES = 3, 5, 6, 2, 4, 3, 2
_numbers = itertools.count()


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterControl]:
    with sandbox_cluster(
        max_rooms_per_name=ROOMS,
        max_rooms_per_host=ROOMS_OF_HOST,
        max_names_per_host=NAMES,
        max_kept_names_per_host=KEPT,
        max_seats_per_name=SEATS,
        max_people_per_room_per_host=PEOPLE,
        max_bot_matches_per_host=BOT_MATCHES,
    ) as cluster:
        yield cluster


@pytest.fixture
def here(cluster: ClusterControl) -> Iterator[Connection]:
    """A connection of everybody on one host."""
    with calling_from(new_host()), connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        connection.ask("describe")
        yield connection


@pytest.fixture
def elsewhere(cluster: ClusterControl) -> Iterator[Connection]:
    """The same on another host."""
    with calling_from(new_host()), connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        connection.ask("describe")
        yield connection


def somebody(connection: Connection) -> Player:
    return connection.claim(f"nora{next(_numbers)}")


def test_g9_names_of_one_host(here: Connection, cluster: ClusterControl) -> None:
    people = [somebody(here) for _ in range(NAMES)]
    with pytest.raises(LimitReached, match="MAX_NAMES_PER_HOST"):
        somebody(here)
    for player in people:  # trying to have them again with other tokens frees no place
        with pytest.raises(LimitReached):
            here.ask("claim", player.name, new_token())
    assert here.claim(people[0].name, token=people[0].token).name == people[0].name
    with calling_from(new_host()), connect(cluster.name_server, deadline_s=PATIENCE_S) as other:
        assert somebody(other)


def test_g9_names_of_one_host_count_again_after_a_takeover(here: Connection, cluster: ClusterControl) -> None:
    people = [somebody(here) for _ in range(NAMES)]
    cluster.kill(MAIN)
    for player in people:  # what windows do once a minute
        here.claim(player.name, token=player.token)
    with pytest.raises(LimitReached, match="MAX_NAMES_PER_HOST"):
        somebody(here)


def test_g9_open_rooms_of_one_name_also_after_a_takeover(here: Connection, cluster: ClusterControl) -> None:
    ada = somebody(here)
    request = new_request_id()
    first = here.ask("create", ada.token, request, "", "tictactoe", {}, {})
    rooms = [ada.create() for _ in range(ROOMS - 1)]
    for _ in range(2):
        with pytest.raises(LimitReached, match="MAX_ROOMS_PER_NAME"):
            ada.create()
        again = here.ask("create", ada.token, request, "", "tictactoe", {}, {})
        assert again["room"] == first["room"], "a retry is no room more"
        cluster.kill(MAIN)
        wait_until(cluster.is_whole)
    rooms[0].close()
    assert ada.create()


def test_g9_open_rooms_of_one_host(here: Connection, cluster: ClusterControl) -> None:
    people = [somebody(here) for _ in range(ROOMS_OF_HOST)]
    for player in people:
        player.create()
    with pytest.raises(LimitReached, match="MAX_ROOMS_PER_HOST"):
        people[0].create()
    with calling_from(new_host()), connect(cluster.name_server, deadline_s=PATIENCE_S) as other:
        assert somebody(other).create()


def test_g9_names_that_one_host_keeps(here: Connection) -> None:
    people = [somebody(here) for _ in range(KEPT + 1)]
    for player in people[:-1]:
        player.keep()
    with pytest.raises(LimitReached, match="MAX_KEPT_NAMES_PER_HOST"):
        people[-1].keep()
    assert people[0].keep(), "a new code for a name that is kept is no name more"


def test_g9_seats_of_one_name(here: Connection, cluster: ClusterControl) -> None:
    taker = somebody(here)
    owners: list[Player] = []
    with calling_from(new_host()), connect(cluster.name_server, deadline_s=PATIENCE_S) as other:
        owners = [somebody(other) for _ in range(SEATS + 1)]
        rooms = [owner.create() for owner in owners]
    for room in rooms[:-1]:
        taker.room(room.id).join()
    with pytest.raises(LimitReached, match="MAX_SEATS_PER_NAME"):
        taker.room(rooms[-1].id).join()
    assert taker.room(rooms[0].id).join().seat, "one's own seat is no seat more"
    assert taker.room(rooms[-1].id).join("spectator").seat is None


def test_g9_people_of_one_host_in_a_room(here: Connection, cluster: ClusterControl) -> None:
    room = somebody(here).create()
    for _ in range(PEOPLE):
        somebody(here).room(room.id).join("spectator")
    with pytest.raises(LimitReached, match="MAX_PEOPLE_PER_ROOM_PER_HOST"):
        somebody(here).room(room.id).join("spectator")
    with calling_from(new_host()), connect(cluster.name_server, deadline_s=PATIENCE_S) as other:
        somebody(other).room(room.id).join("spectator")


def test_g9_matches_of_the_house_bot_with_one_host(here: Connection, cluster: ClusterControl) -> None:
    people = [somebody(here) for _ in range(BOT_MATCHES + 1)]
    for player in people[:-1]:
        player.play_house_bot()
    with pytest.raises(LimitReached, match="MAX_BOT_MATCHES_PER_HOST"):
        people[-1].play_house_bot()
    with calling_from(new_host()), connect(cluster.name_server, deadline_s=PATIENCE_S) as other:
        assert somebody(other).play_house_bot()


def refused_again(guesser: Connection, *guess: str) -> bool:
    """Whether no more wrong codes may be tried."""
    try:
        guesser.ask("recover_name", *guess, new_token())
    except WrongCode:
        return False
    except Busy:
        return True
    raise AssertionError("a wrong code was taken")


def test_g7_who_guesses_codes_keeps_the_owner_from_nothing(cluster: ClusterControl) -> None:
    with calling_from(new_host()), connect(cluster.name_server, deadline_s=PATIENCE_S) as other:
        owner = somebody(other)
        code = owner.keep()
    with connect(cluster.name_server, deadline_s=0.0) as guesser:
        guesser.ask("describe")
        guess = owner.name, new_recovery_code()
        for _ in range(WRONG_CODES_AT_ONCE):
            assert not refused_again(guesser, *guess)
        wait_until(lambda: refused_again(guesser, *guess), what="on a slow machine some are free again")
        with calling_from(new_host()), connect(cluster.name_server, deadline_s=0.0) as other:
            with pytest.raises(WrongCode):
                other.ask("recover_name", *guess, new_token())
            assert other.recover(owner.name, code).name == owner.name
        assert guesser.recover(owner.name, code).name == owner.name, "at the guesser's own host, too"
