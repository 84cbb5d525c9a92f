"""G8 around matches: terms, wishes, tickets, proposals, and what the servers alone may do: all of it bad."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from client import Cluster as Connection
from client import Player, RoomClient, connect
from client.credentials import new_token
from client.room import new_request_id
from game.errors import (
    InvalidArgument,
    NameTaken,
    NotAllowed,
    NotAPlayer,
    NotInRoom,
    TicTacToeError,
)
from game.games.registry import short_list
from game.match.selection import Proposal
from server.control.cluster import ClusterControl
from tests.conditions import PATIENCE_S, wait_until
from tests.peers import peer_of
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.rpc import Proxy

ROLES = (MAIN, COMMUNICATION, REPLICATION)
_numbers = itertools.count()


@pytest.fixture(scope="module")
def connection(shared_cluster: ClusterControl) -> Iterator[Connection]:
    with connect(shared_cluster.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


@pytest.fixture(autouse=True)
def same_processes(shared_cluster: ClusterControl) -> Iterator[None]:
    """The servers that were there before a test are there after it."""
    before = [shared_cluster.process_of(role) for role in ROLES]
    yield
    assert [shared_cluster.process_of(role) for role in ROLES] == before


@pytest.fixture
def peer(shared_cluster: ClusterControl) -> Iterator[Proxy]:
    """The main server's peer port, with the right key."""
    remote = peer_of(shared_cluster, MAIN)
    yield remote
    remote.close()


def open_rooms(connection: Connection) -> set[str]:
    """The open rooms, without their rows: those of other tests' rooms may still change."""
    return {row.room for row in connection.rooms()}


def somebody(connection: Connection) -> Player:
    """A player whom nobody knows yet."""
    return connection.claim(f"nora{next(_numbers)}")


def a_match(connection: Connection) -> tuple[RoomClient, RoomClient]:
    """Two players in a match in which nothing is selected yet."""
    players = somebody(connection), somebody(connection)
    found: list[RoomClient] = []
    seeking = threading.Thread(target=lambda: found.append(players[0].seek() or pytest.fail("nobody sought")))
    seeking.start()
    other = players[1].seek()
    seeking.join(PATIENCE_S)
    assert other is not None
    x, o = sorted((found[0], other), key=lambda room: room.view().seat_of(room.name) or "", reverse=True)
    assert x.view().phase == "selecting"
    return x, o


# -- terms, wishes, proposals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "terms",
    [
        *(
            {"clock": clock}
            for clock in ([], {}, None, 5, "", "0s", "601s", "1+61", "181+0", "+1s", "\u0663s", "10s\n")
        ),
        *({"best_of": number} for number in (2, -1, 17, 3.0, "3", True, None, [3], 1 << 70)),
        *({"private": private} for private in (1, "yes", None, [])),
        {f"t{number}": 1 for number in range(21)},
    ],
    ids=repr,
)
def test_g8_terms_that_cannot_be_are_refused(connection: Connection, terms: dict[str, object]) -> None:
    player = somebody(connection)
    before = open_rooms(connection)
    with pytest.raises(InvalidArgument):
        connection.ask("create", player.token, new_request_id(), "", "tictactoe", {}, terms)
    assert open_rooms(connection) == before


@pytest.mark.parametrize(
    "wish",
    [
        *({"board": board} for board in ("4x4", "", [], {}, None, 3, "\uff13x\uff13", "3X3")),
        *({"clock": clock} for clock in ("5s", "NONE", [], {}, None, True)),
        {f"w{number}": "any" for number in range(11)},
        [],
        "any",
    ],
    ids=repr,
)
def test_g8_a_wish_for_what_there_is_not_is_refused(connection: Connection, wish: object) -> None:
    player = somebody(connection)
    before = open_rooms(connection)
    with pytest.raises(InvalidArgument):
        connection.ask("seek", player.token, wish, "", 5.0)
    with pytest.raises(InvalidArgument):
        connection.ask("play_house_bot", player.token, new_request_id(), wish)
    assert open_rooms(connection) == before


BAD_PROPOSALS = [
    {},
    {"board": "3x3", "best_of": 1},
    {"board": "3x3", "best_of": 1.0, "clock": "none"},
    {"board": "3x3", "best_of": True, "clock": "none"},
    {"board": "3x3", "best_of": [1], "clock": "none"},
    {"board": ["3x3"], "best_of": 1, "clock": "none"},
    {"board": {"3x3": {"3x3": {}}}, "best_of": {"a": [1]}, "clock": [["none"]]},
    {"board": "3x3", "best_of": 7, "clock": "none"},
    {"board": "any", "best_of": 1, "clock": "any"},
    {"board": "3x3\x00", "best_of": 1, "clock": "none"},
    {f"p{number}": number for number in range(11)},
    [["board", "3x3"]],
    None,
]


def test_g8_proposals_that_cannot_be_change_nothing_and_good_ones_still_count(connection: Connection) -> None:
    x, o = a_match(connection)
    before = x.view()
    where = connection.ask("where_is", x.id)
    room = Proxy((where["host"], where["port"]), where["object"])
    for proposal in BAD_PROPOSALS:
        with pytest.raises(InvalidArgument):
            room.call("propose", x._token, new_request_id(), proposal, timeout_s=PATIENCE_S)
    room.close()
    assert x.view() == before
    for one in (x, o):
        one.propose(Proposal("3x3", 1, "none"))
    assert x.view().phase == "playing"
    x.move(4)


def test_g8_who_has_no_seat_selects_offers_and_claims_nothing(connection: Connection) -> None:
    x, o = a_match(connection)
    stranger = somebody(connection).room(x.id)
    version = x.view().version
    commands = (
        lambda: stranger.propose(Proposal("3x3", 1, "none")),
        lambda: stranger.offer("draw"),
        lambda: stranger.accept("abort"),
        lambda: stranger.decline("rematch"),
        lambda: stranger.claim_game("win"),
    )
    for command in commands:
        with pytest.raises(NotInRoom):
            command()
    assert x.view().version == version
    stranger.join("spectator")
    for command in commands:
        with pytest.raises(NotAPlayer):
            command()
    for owners_alone in (lambda: x.lock(True), lambda: o.remove(stranger.name), x.close):
        with pytest.raises(NotAllowed):
            owners_alone()


# -- tickets -------------------------------------------------------------------------------------------------------


def test_g8_a_ticket_that_is_forged_altered_or_somebody_else_s_is_worth_nothing(connection: Connection) -> None:
    ada, eve = somebody(connection), somebody(connection)
    ticket = connection.ask("seek", ada.token, {}, "", 0.3)["ticket"]
    waited_ms, signature = ticket.split("-")

    def worth(token: str, one: str) -> Any:
        return connection.ask("seek", token, {}, one, 0.0)["waited_s"]

    assert worth(ada.token, ticket) >= 0.3
    assert worth(eve.token, ticket) < 0.1
    altered = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    digits = "".join(chr(ord("\uff10") + int(digit)) for digit in waited_ms)
    for forged in (
        f"3600000-{signature}",
        f"{waited_ms}-{altered}",
        f"{waited_ms}-{signature.upper()}",
        f"{digits}-{signature}",
        f" {ticket}",
        f"{ticket}\n",
        f"-{ticket}",
        waited_ms,
        "-",
        "nan-" + signature,
        "0" * 60,
    ):
        assert worth(ada.token, forged) < 0.1, forged
    with pytest.raises(InvalidArgument):
        worth(ada.token, "x" * 61)


def test_g8_a_wish_that_is_cancelled_comes_back_without_a_match_however_often_it_is_cancelled(
    connection: Connection,
) -> None:
    player = somebody(connection)
    for _ in range(3):
        came: list[object] = []
        waits = threading.Event()
        seeking = threading.Thread(target=lambda: came.append(player.seek(on_wait=lambda _: waits.set())))  # noqa: B023
        seeking.start()

        def is_cancelled() -> bool:
            player.cancel_seek()
            return not seeking.is_alive()  # noqa: B023

        wait_until(is_cancelled)
        seeking.join(PATIENCE_S)
        assert came == [None]
    for _ in range(3):
        assert connection.ask("cancel_seek", player.token)["waiting"] is False


# -- what the servers alone may do ---------------------------------------------------------------------------------


def test_g8_what_time_brings_and_matches_are_not_for_anybody(connection: Connection) -> None:
    x, o = a_match(connection)
    before = x.view()
    where = connection.ask("where_is", x.id)
    room = Proxy((where["host"], where["port"]), where["object"])
    for method in ("due", "Due", "match", "Match", "create", "command", "submit", "tick"):
        with pytest.raises(InvalidArgument):
            room.call(method, x._token, new_request_id(), timeout_s=PATIENCE_S)
    room.call("leave", o._token, "house-0123456789abcdef", timeout_s=PATIENCE_S)  # a request id like any other
    room.close()
    for method in ("open_matches", "who_has", "records_after", "records"):
        with pytest.raises(InvalidArgument):
            connection.ask(method, [])
    after = x.view()
    assert (after.phase, after.version) == (before.phase, before.version + 1)
    for name in ("Housebot", "housebot", "HOUSEBOT"):
        with pytest.raises(NameTaken):
            connection.claim(name)
        with pytest.raises(NameTaken):
            connection.ask("online", name, new_token())
    with pytest.raises(InvalidArgument):
        connection.claim("")


BOARDS, BEST_OFS, CLOCKS = (list(some) for some in short_list("tictactoe"))
CHOICES = [BOARDS, BEST_OFS, CLOCKS]
PAIR = ["nobody1", "nobody2"]


@pytest.mark.parametrize(
    "rows",
    [
        None,
        {},
        "rows",
        [None],
        [[]],
        [["r" * 12, PAIR, CHOICES]],
        [["r" * 12, PAIR, CHOICES, [], None]],
        [["short", PAIR, CHOICES, []]],
        [["r" * 12, ["nobody1"], CHOICES, []]],
        [["r" * 12, ["nobody1", "nobody2", "nobody3"], CHOICES, []]],
        [["r" * 12, ["nobody1", "nobody1"], CHOICES, []]],
        [["r" * 12, ["nobody1", ""], CHOICES, []]],
        [["r" * 12, ["nobody1", "no\x00body"], CHOICES, []]],
        [["r" * 12, ["nobody1", "\u202enobody"], CHOICES, []]],
        [["r" * 12, ["nobody1", 2], CHOICES, []]],
        [["r" * 12, PAIR, [BOARDS, BEST_OFS], []]],
        [["r" * 12, PAIR, [[], BEST_OFS, CLOCKS], []]],
        [["r" * 12, PAIR, [["4x4"], BEST_OFS, CLOCKS], []]],
        [["r" * 12, PAIR, [BOARDS, [7], CLOCKS], []]],
        [["r" * 12, PAIR, [BOARDS, [3.0], CLOCKS], []]],
        [["r" * 12, PAIR, [BOARDS, [True], CLOCKS], []]],
        [["r" * 12, PAIR, [BOARDS, BEST_OFS, [[]]], []]],
        [["r" * 12, PAIR, [["3x3"] * 21, BEST_OFS, CLOCKS], []]],
        [["r" * 12, PAIR, CHOICES, ["Housebot"]]],
        [["r" * 12, ["nobody1", "Housebot"], CHOICES, ["nobody2"]]],
        [["r" * 12, ["nobody1", "Housebot"], CHOICES, ["Housebot", "Housebot"]]],
        [["r" * 12, ["nobody1", "Housebot"], CHOICES, "Housebot"]],
        [["r" * 12, PAIR, CHOICES, []], ["s" * 12, ["nobody3", "nobody2"], CHOICES, []]],
        [["r" * 12, PAIR, CHOICES, []], ["r" * 12, ["nobody3", "nobody4"], CHOICES, []]],
        [[f"request{number:05}", [f"a{number}", f"b{number}"], CHOICES, []] for number in range(201)],
    ],
    ids=lambda rows: str(rows)[:60],
)
def test_g8_rows_that_are_no_matches_open_no_room(connection: Connection, peer: Proxy, rows: object) -> None:
    before = open_rooms(connection)
    with pytest.raises(InvalidArgument):
        peer.call("open_matches", rows, timeout_s=PATIENCE_S)
    assert open_rooms(connection) == before


def test_g8_nobody_is_put_into_a_second_match(connection: Connection, peer: Proxy) -> None:
    names = [somebody(connection).name for _ in range(3)]
    first, again, other = (
        peer.call("open_matches", [[request, players, CHOICES, []]], timeout_s=PATIENCE_S)["opened"][0]
        for request, players in (("first0" * 2, names[:2]), ("first0" * 2, names[:2]), ("second" * 2, names[1:]))
    )
    assert first == again
    assert other == {"room": None, "taken": {names[1]: first["room"]}}


def test_g8_numbers_of_games_that_are_not_there_are_refused(connection: Connection, peer: Proxy) -> None:
    count = peer.call("records_after", 0, 1, 0.0, timeout_s=PATIENCE_S)["count"]
    for numbers in ([0], [count + 1], [1 << 62], [-1], [1.0], [True], ["1"], [[1]], [None], list(range(1001)), "1", 1):
        with pytest.raises(TicTacToeError) as caught:
            peer.call("records", numbers, timeout_s=PATIENCE_S)
        assert caught.value.code in ("no_such_game", "invalid_argument")
    for number in (0, -1, 1 << 54, 1.0, "1", None, True):
        with pytest.raises(InvalidArgument):
            connection.ask("game", number)
