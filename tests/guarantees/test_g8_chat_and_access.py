"""G8 around who is in a room and what is said there: talk that is no text, invite codes that are wrong, the removed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from client import Cluster as Connection
from client import Player, RoomClient, connect
from client.room import new_request_id
from client.views import state_from
from game.errors import InvalidArgument, NotAllowed, NotInRoom, NotInvited, TicTacToeError, TooOften
from game.forms.room_view import view_of
from server.control.cluster import ClusterControl
from tests.conditions import PATIENCE_S
from tests.conftest import Game
from tests.raw import RawCaller
from verify.fuzz.wire_inputs import SERPENT
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.errors import TooLarge
from wire.rpc import Proxy

BIDI = "\u202e\u2066\u200e"
CONTROLS = "\x00\x07\x1b\x7f\x9b\ue000"
_numbers = itertools.count()


@pytest.fixture(scope="module")
def connection(shared_cluster: ClusterControl) -> Iterator[Connection]:
    with connect(shared_cluster.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


@pytest.fixture(autouse=True)
def same_processes(shared_cluster: ClusterControl) -> Iterator[None]:
    """The servers that were there before a test are there after it."""
    roles = (MAIN, COMMUNICATION, REPLICATION)
    before = [shared_cluster.process_of(role) for role in roles]
    yield
    assert [shared_cluster.process_of(role) for role in roles] == before


def somebody(connection: Connection) -> Player:
    """A player whom nobody knows yet."""
    return connection.claim(somebody_s_name())


# -- talk ----------------------------------------------------------------------------------------------------------


def test_g8_what_is_said_has_nothing_in_it_that_is_no_text(
    shared_cluster: ClusterControl, connection: Connection
) -> None:
    game = Game(connection, (somebody_s_name(), somebody_s_name()))
    game.x.say(f"a{CONTROLS}b\r\n\tc{BIDI}d \u00a0 e")
    assert line_of(game.x) == "ab cd e"
    before = game.x.view()
    for nothing in (
        "",
        " ",
        CONTROLS,
        BIDI,
        "\u200d",
        "\n\n",
        "x" * 201,
        "x" * 1001,
        None,
        5,
        ["hello"],
        {"text": "x"},
    ):
        with pytest.raises(InvalidArgument):
            game.x.say(nothing)  # type: ignore[arg-type]
    caller = RawCaller(shared_cluster.settings.public_address_of(MAIN))
    said = caller.call(f"room.{game.x.id}", "say", [game.ada.token, "r" * 12, "\ud800!"], {}, serializer=SERPENT)
    assert said.code == "invalid_argument"
    caller.close()
    with pytest.raises(TooLarge):
        game.x.say("x" * (1 << 20))
    assert game.x.view() == before
    for _ in range(4):
        game.x.say("again")
    with pytest.raises(TooOften):
        game.x.say("again")
    game.o.say("the other may still")


def somebody_s_name() -> str:
    return f"vera{next(_numbers)}"


def line_of(room: RoomClient) -> str:
    """What was said last."""
    return next(iter(room.watch())).talk[-1].text


# -- private rooms -------------------------------------------------------------------------------------------------


def refused_everywhere(connection: Connection, player: Player, room_id: str, code: str = "") -> set[type]:
    """What somebody is refused with who joins a room, looks into it and waits there."""
    where = connection.ask("where_is", room_id)
    room = Proxy((where["host"], where["port"]), where["object"])
    found: set[type] = set()
    for method, arguments in (
        ("join", (new_request_id(), "player", code)),
        ("join", (new_request_id(), "spectator", code)),
        ("view", ()),
        ("wait", (0, 0.0)),
        ("wait", (1, 5.0)),
        ("view", ("state",)),
        ("wait", (0, 0.0, "state")),
        ("wait", (1, 5.0, "checksum")),
        ("invite", ()),
    ):
        try:
            room.call(method, player.token, *arguments, timeout_s=PATIENCE_S)
        except TicTacToeError as error:
            found.add(type(error))
        else:
            found.add(type(None))
    room.close()
    return found


@pytest.mark.parametrize("serializer", ["msgpack", "serpent"])
def test_g8_the_state_that_clients_get_has_neither_the_code_nor_the_removed(
    connection: Connection, serializer: str
) -> None:
    owner, mallory = somebody(connection), somebody(connection)
    room = owner.create("secret", private=True)
    invitation = room.invite()
    code = invitation.partition("-")[2]
    mallory.room(invitation).join("spectator")
    room.remove(mallory.name)
    where = connection.ask("where_is", room.id)
    proxy = Proxy((where["host"], where["port"]), where["object"], serializer=serializer)
    for method, arguments in (("view", ()), ("wait", (3, 0.0)), ("wait", (1, 0.0))):
        answer = proxy.call(method, owner.token, *arguments, timeout_s=PATIENCE_S, named={"form": "state"})
        assert view_of(state_from(answer["state"])) == room.view()
        assert code not in repr(answer)
        assert mallory.name not in repr(answer["state"])
        assert "view" not in answer
    proxy.close()


def test_g8_without_its_code_nobody_sees_a_private_room(connection: Connection) -> None:
    owner, eve = somebody(connection), somebody(connection)
    room = owner.create("secret", private=True)
    room.join()
    code = room.invite().partition("-")[2]
    before = room.view()
    assert room.id not in {row.room for row in connection.rooms()}
    wrong = [code[:place] + ("0" if code[place] != "0" else "1") + code[place + 1 :] for place in range(len(code))]
    full_width = "".join(chr(ord("\uff10") + int(c)) if c.isdigit() else c for c in code)
    assert code.upper() != code or full_width != code
    for almost in {*wrong, full_width, code.upper(), code + "0", code[:-1], f" {code}", ""} - {code}:
        assert refused_everywhere(connection, eve, room.id, almost) == {NotInvited}, almost
    for command in (eve.room(room.id).leave, lambda: eve.room(room.id).say("hello"), eve.room(room.id).resign):
        version = room.view().version
        try:
            command()
        except TicTacToeError as error:
            assert isinstance(error, NotInRoom)  # noqa: PT017  # to leave where one is not is no error
        assert room.view().version == version
    assert room.view() == before
    assert eve.room(f"{room.id}-{code}").join().seat == "O"


@pytest.mark.parametrize("private", [True, False])
def test_g8_who_was_removed_sees_nothing_more(connection: Connection, private: bool) -> None:
    owner, eve = somebody(connection), somebody(connection)
    room = owner.create("ours", private=private)
    invitation = room.invite()
    watching = eve.room(invitation)
    watching.join("spectator")
    news = watching.watch()
    next(news)
    room.remove(eve.name)
    code = invitation.partition("-")[2]
    assert refused_everywhere(connection, eve, room.id, code) == {NotAllowed}
    with pytest.raises(NotAllowed):
        next(news)
    with pytest.raises(NotInRoom):
        watching.say("but")
    with pytest.raises(NotInRoom):
        room.remove(eve.name)
    for nobody in (owner.name, "", "\x00", "x" * 64, eve.name.upper()):
        with pytest.raises((NotAllowed, NotInRoom)):
            room.remove(nobody)


def test_g8_who_left_a_private_room_needs_the_code_again(connection: Connection) -> None:
    owner, eve = somebody(connection), somebody(connection)
    room = owner.create("secret", private=True)
    watching = eve.room(room.invite())
    watching.join("spectator")
    watching.leave()
    assert refused_everywhere(connection, eve, room.id) == {NotInvited}
