"""G8 under hypothesis: whatever the arguments are, each remote method of each object answers or refuses, and no more.

What is drawn is built on what each method declares: arguments that are good, nearly good and nothing of the kind, one
bad at a time and all of them, by place and by name, in both serializers.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from client import Cluster as Connection
from client import connect
from client.room import new_request_id
from game.context import Limits
from game.errors import InvalidArgument
from game.rooms.events import Created
from server.communication.front_door import FrontDoor
from server.control.cluster import ClusterControl
from server.log.entries import FARTHEST_LEAP
from server.log.streams import Streams
from server.main.peer_api import MainPeerApi
from server.main.room_api import RoomApi
from server.process.base_api import ClientApi, PeerApi
from server.replication.replica_service import ReplicaService
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import Game, end
from tests.good_arguments import MADE_ANEW, good_arguments
from tests.peers import peer_of
from tests.raw import RawCaller
from verify.fuzz.wire_inputs import MSGPACK, SERPENT
from verify.testbed.local_cluster import sandbox_settings
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.arguments import Check
from wire.errors import Fenced, TicTacToeError

ROLES = (MAIN, COMMUNICATION, REPLICATION)
SERVERS_FAULTS = {"internal_error", "invariant_broken", "storage_failed", "unreachable", "deadline_exceeded"}
CHANGE = {
    *("join", "leave", "move", "resign", "rematch", "close", "claim", "create", "online", "claim_game", "propose"),
    *("offer", "accept", "decline", "say", "lock", "remove", "play_house_bot", "keep_name", "recover_name"),
}
OFTEN = settings(
    max_examples=500,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # what was found is small enough, and servers do not stand still for it
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

texts = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(min_codepoint=0xD7F0, max_codepoint=0xE010), max_size=4),  # surrogates among them
    st.sampled_from(["", "\x00", "\u202eadmin", "e\u0301" * 20, "😀" * 21, "x" * 4000, "room/", "🏴" * 200]),
)
numbers = st.one_of(st.integers(), st.integers(1 << 53, 1 << 70), st.floats(), st.sampled_from([-1, 0, 1, 1 << 63]))
plain = st.one_of(st.none(), st.booleans(), numbers, texts, st.binary(max_size=20))
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
) | st.sampled_from(
    [
        {"__class__": "Pyro4.core.Proxy", "state": ["PYRO:x@127.0.0.1:9", [], [], [], 0.1, "", "", 0]},
        {"__class__": "builtins.SystemExit", "__exception__": True, "args": [0]},
        {"__class__": "float", "value": "nan"},
        [[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]],
    ]
)


no_time = anything.filter(lambda value: not isinstance(value, (int, float)))
"""For arguments that say how long to wait: a good one would only be waited for."""


def remote_methods(kind: type) -> Iterator[tuple[str, dict[str, Check]]]:
    """Every method of a class that can be called remotely, with the checks of its arguments."""
    for name in dir(kind):
        checks = getattr(getattr(kind, name), "checks", None)
        if checks is not None:
            yield name, checks


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterControl]:
    """One cluster for all of this file: nothing here may harm it. A busy machine is no reason to replace a server."""
    cluster = ClusterControl(
        sandbox_settings(tmp_path_factory.mktemp("data"), max_wait_s=0.01, away_s=600.0, hang_s=6.0)
    )
    try:
        cluster.start()
        yield cluster
    finally:
        end(cluster)


@pytest.fixture(scope="module")
def connection(cluster: ClusterControl) -> Iterator[Connection]:
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


@pytest.fixture
def game(connection: Connection) -> Game:
    """A game that has begun, of two whom nobody knows yet: what is drawn may be good, and end it."""
    number = next(_numbers)
    game = Game(connection, (f"ada{number}", f"bob{number}"))
    game.play(4)
    return game


_numbers = itertools.count()


@pytest.fixture
def same_processes(cluster: ClusterControl) -> Iterator[None]:
    """The servers that were there before a test are there after it."""
    before = [cluster.process_of(role) for role in ROLES]
    yield
    assert [cluster.process_of(role) for role in ROLES] == before


@pytest.fixture(scope="module")
def callers(cluster: ClusterControl) -> Iterator[Callable[[str], RawCaller]]:
    """A caller for each role's client port."""
    made = {role: RawCaller(cluster.settings.public_address_of(role)) for role in ROLES}
    yield made.__getitem__
    for caller in made.values():
        caller.close()


def good_values(game: Game) -> dict[str, st.SearchStrategy[object]]:
    """Values that the checks accept, by argument; only such that nobody else's state depends on."""
    return {
        **{name: st.sampled_from(values) for name, values in good_arguments(game).items()},
        MADE_ANEW: st.builds(new_request_id),
        "title": texts,
        "text": texts,
        "options": st.dictionaries(st.sampled_from(["width", "height", "in_a_row", "x"]), plain, max_size=4),
        "terms": st.dictionaries(st.sampled_from(["best_of", "clock", "private", "x"]), anything, max_size=4),
        "wish": st.dictionaries(st.sampled_from(["board", "clock", "x"]), anything, max_size=3),
        "proposal": st.dictionaries(st.sampled_from(["board", "best_of", "clock"]), anything, max_size=3),
    }


def places(game: Game) -> list[tuple[str, str, type]]:
    return [
        (COMMUNICATION, COMMUNICATION, FrontDoor),
        (MAIN, f"room.{game.x.id}", RoomApi),
        (MAIN, MAIN, ClientApi),
        (REPLICATION, REPLICATION, ClientApi),
    ]


def leaks(raw: bytes, game: Game) -> bool:
    """Whether an error says more than it should."""
    secrets = (game.ada.token, game.bob.token, "Traceback", ".py", "/home", "/tmp", str(Path.cwd()), "Pyro4")
    return any(secret.encode() in raw for secret in secrets)


@pytest.mark.usefixtures("same_processes")
def test_g8_whatever_the_arguments_an_open_method_answers_or_refuses(
    game: Game, connection: Connection, callers: Callable[[str], RawCaller]
) -> None:
    methods = [
        (role, name, method, checks)
        for role, name, kind in places(game)
        for method, checks in remote_methods(kind)
        if method != "servers"  # it takes none, and a look at all servers is slow
    ]
    good = good_values(game)
    codes: set[str | None] = set()
    state = {"view": game.x.view(), "rooms": len(connection.rooms())}

    @OFTEN
    @given(
        place=st.sampled_from(methods),
        serializer=st.sampled_from([MSGPACK, SERPENT]),
        data=st.data(),
        mode=st.sampled_from(["one bad", "one bad", "all bad", "good", "too few", "too many", "more fields", "twice"]),
    )
    def check(place: tuple[str, str, str, dict[str, Check]], serializer: int, data: st.DataObject, mode: str) -> None:
        role, name, method, checks = place
        bad = set(checks) if mode == "all bad" else {data.draw(st.sampled_from(list(checks)))} if checks else set()
        bad = bad if mode in ("one bad", "all bad") else set()
        values = {argument: data.draw(anything if argument in bad else good[argument]) for argument in checks}
        by_place = data.draw(st.integers(0, len(values)))
        given_ = [*values.values()][:by_place]
        fields = dict([*values.items()][by_place:])
        if mode == "too few" and fields:
            fields.pop(data.draw(st.sampled_from(list(fields))))
        elif mode == "too many":
            given_ = [*values.values(), *data.draw(st.lists(anything, min_size=1, max_size=3))]
            fields = {}
        elif mode == "more fields":
            fields |= data.draw(st.dictionaries(st.text(max_size=5), anything, max_size=3))
        elif mode == "twice" and values:
            fields[next(iter(values))] = data.draw(anything)
            given_ = given_ or [next(iter(values.values()))]
        answer = callers(role).call(name, method, given_, fields, serializer=serializer)
        codes.add(answer.code)
        assert answer.code not in SERVERS_FAULTS, (method, given_, fields, answer)
        if answer.code is not None:
            assert not leaks(answer.raw, game), answer
            if mode in ("too many", "twice") and checks:
                assert answer.code == "invalid_argument"
        if answer.code is None and method in CHANGE:
            state.update(view=game.x.view(), rooms=len(connection.rooms()))  # it was good after all
        elif method in CHANGE:
            assert game.x.view() == state["view"]

    check()
    assert {None, "invalid_argument"} <= codes, "what is drawn must reach both good and bad"
    assert len(connection.rooms()) == state["rooms"]


@pytest.mark.usefixtures("same_processes")
def test_g8_whatever_a_message_is_made_of_it_is_answered_or_the_connection_closed(
    game: Game, callers: Callable[[str], RawCaller]
) -> None:
    before = game.x.view()
    places_ = [(role, name) for role, name, _ in places(game)]
    private = "__init__ __class__ __dict__ __getattr__ __setattr__ __reduce__ _desk _copy _pyroId get_metadata ping x"
    methods = anything | st.sampled_from(private.split())

    @OFTEN
    @given(
        place=st.sampled_from([*places_, (MAIN, "Pyro.Daemon"), (MAIN, "room.nosuch")]),
        method=methods,
        given_=st.one_of(anything, st.lists(anything, max_size=3)),
        fields=st.one_of(anything, st.dictionaries(texts, anything, max_size=2)),
        serializer=st.sampled_from([MSGPACK, SERPENT]),
    )
    def check(place: tuple[str, str], method: object, given_: object, fields: object, serializer: int) -> None:
        role, name = place
        try:
            answer = callers(role).call(name, method, given_, fields, serializer=serializer)
        except OSError:
            return  # closed
        assert answer.code not in SERVERS_FAULTS
        assert not leaks(answer.raw, game)

    check()
    assert game.x.view() == before


# -- the peer port, with the right key -----------------------------------------------------------------------------


class Peer:
    """A peer gone mad: it has the key, and says anything."""

    def __init__(self, cluster: ClusterControl) -> None:
        self._remotes = {
            (role, serializer): peer_of(cluster, role, serializer=serializer)
            for role in ROLES
            for serializer in ("msgpack", "serpent")
        }

    def call(self, role: str, method: str, *arguments: object, serializer: str = "msgpack") -> Any:
        return self._remotes[role, serializer].call(method, *arguments, timeout_s=PATIENCE_S)

    def code_of(self, role: str, method: str, *arguments: object, serializer: str) -> str | None:
        """The code of the error that a call gives, or None."""
        try:
            self.call(role, method, *arguments, serializer=serializer)
        except TicTacToeError as error:
            return error.code
        return None

    def close(self) -> None:
        for remote in self._remotes.values():
            remote.close()


@pytest.fixture(scope="module")
def peer(cluster: ClusterControl) -> Iterator[Peer]:
    peer = Peer(cluster)
    yield peer
    peer.close()


CREATED = Streams(Limits()).kind_of("room/x").write_event(Created("ada", "r" * 12, "abcd2345", "t", "tictactoe", {}))

rows = st.tuples(
    st.integers(1, 1 << 62), st.integers(1, 3), st.just("room/abcd2345"), st.integers(1, 9), st.just(CREATED)
)
bad_rows = st.one_of(
    st.lists(plain, max_size=7),
    st.tuples(rows, st.integers(0, 4), anything).map(
        lambda drawn: [drawn[2] if place == drawn[1] else part for place, part in enumerate(drawn[0])]
    ),
    rows.map(lambda row: [*row[:4], '{"kind": "moved"}']),
    rows.map(lambda row: [*row[:4], row[4][:-1]]),
    rows.map(lambda row: [*row[:2], "else/where", *row[3:]]),
)


good_pairing: tuple[object, ...] = ("r" * 12, ["nobody1", "nobody2"], [["3x3"], [1], ["none"]], [])
bad_pairings = st.tuples(st.integers(0, 4), anything).map(
    lambda drawn: [*good_pairing, drawn[1]] if drawn[0] == len(good_pairing) else _with(good_pairing, *drawn)
)


def _with(row: tuple[object, ...], place: int, value: object) -> list[object]:
    """The row with something else in one place."""
    return [*row[:place], value, *row[place + 1 :]]


def peer_good_values(epoch: int, holder: str) -> dict[str, st.SearchStrategy[object]]:
    """Values that the checks accept, but none that would end this epoch or write what can stay."""
    marks = st.tuples(st.integers(0, 5), st.integers(0, 1 << 40))
    return {
        "wait_s": st.just(0.0),
        "epoch": st.one_of(st.integers(0, epoch), st.just(epoch + FARTHEST_LEAP + 1)),
        "holder": st.sampled_from([holder, "somebody else", "x"]),
        "previous": marks,
        "last": marks,
        "snapshots": st.just([]),
        "entries": st.lists(bad_rows, min_size=1, max_size=3),
        "copies": st.lists(st.tuples(st.just("room/abcd2345"), st.none(), st.lists(bad_rows, min_size=1)), min_size=1),
        "streams": st.lists(st.just("room/nosuch22"), max_size=2),
        "after_stream": texts,
        "after_version": st.integers(0, 1 << 62),
        "copy": st.integers(0, 1 << 62),
        "piece": st.integers(0, 1 << 62),
        "pieces": st.integers(0, 1 << 62),
        "most_bytes": st.integers(1, 1 << 30),
        "limit": st.integers(1, 3),
        "name": st.sampled_from(["ada", "bob"]),
        "token_hash": st.just("f" * 64),
        "code_hash": st.sampled_from(["e" * 64, "d" * 64]),
        "request_id": st.builds(new_request_id),
        "title": texts,
        "game": texts,
        "options": st.dictionaries(texts, plain, max_size=3),
        "terms": st.one_of(
            st.dictionaries(st.sampled_from(["best_of", "clock", "private"]), anything, max_size=3),
            st.just([[1, "x", 1], [2, "y", 3]]),
        ),
        "position": st.integers(0, 1 << 40),
        "machine": st.just("0" * 32),
        "host": st.just("127.0.0.9"),
        "stream": st.just("room/nosuch22"),
        "versions": st.lists(st.integers(1, 9), max_size=3),
        "snapshot": st.booleans(),
        "after": st.integers(0, 9),
        "complete": st.booleans(),
        "pairings": st.lists(bad_pairings, min_size=1, max_size=3),
        "number": st.integers(0, 1 << 62),
        "numbers": st.lists(st.one_of(anything, st.integers(0, 1 << 62)), max_size=3),
        "room": st.just("nosuchroom"),
        "revision": st.integers(0, 1 << 62),
        "began": st.integers(0, 1 << 62),
        "timeout_s": st.just(0.0),
        "on": st.just(False),  # a good one that is true would have all others refused
        "until": st.none() | st.integers(0, 1 << 40),
    }


@pytest.mark.usefixtures("same_processes")
def test_g8_a_peer_gone_mad_is_refused_and_games_go_on(
    cluster: ClusterControl, game: Game, connection: Connection, peer: Peer
) -> None:
    epoch, holder = peer.call(REPLICATION, "standing", 0, 0, "")["office"]
    good = peer_good_values(epoch, holder)
    methods = [
        (role, method, checks)
        for role, kind in ((MAIN, MainPeerApi), (COMMUNICATION, PeerApi), (REPLICATION, ReplicaService))
        for method, checks in remote_methods(kind)
        if method != "begin_copy"  # a good one: what was to come next never does
    ]
    before = game.x.view()
    codes: Counter[str | None] = Counter()

    @OFTEN
    @given(
        place=st.sampled_from(methods),
        serializer=st.sampled_from(["msgpack", "serpent"]),
        data=st.data(),
        mode=st.sampled_from(["good", "good", "good", "good", "one bad", "one bad", "all bad", "too many"]),
    )
    def check(place: tuple[str, str, dict[str, Check]], serializer: str, data: st.DataObject, mode: str) -> None:
        role, method, checks = place
        bad = {data.draw(st.sampled_from(list(checks)))} if checks else set()
        bad = set(checks) if mode == "all bad" else bad if mode == "one bad" else set()
        values = [
            data.draw(good[argument] if argument not in bad else no_time if argument.endswith("_s") else anything)
            for argument in checks
        ]
        if mode == "too many" or method in ("stop", "stand_down"):
            values.append(data.draw(anything))
        code = peer.code_of(role, method, *values, serializer=serializer)
        # A call in serpent above LARGEST_TEXT_CALL is read past: its tag is not checked, and that ends the connection.
        read_past = {"unreachable"} if serializer == "serpent" else set()
        assert code not in SERVERS_FAULTS - read_past, (method, values)
        codes[code] += 1

    check()
    assert codes["invalid_argument"] > 100
    assert codes["fenced"] > 5
    assert codes[None] > 5
    assert game.x.view() == before
    assert peer.call(REPLICATION, "standing", 0, 0, "")["office"] == [epoch, holder]
    game.play(0, 3)
    wait_until(cluster.is_whole)
    assert game.x.id in {row.room for row in connection.rooms()}


@pytest.mark.usefixtures("same_processes")
@pytest.mark.parametrize(
    "bad",
    [
        [[1, 1, "room/abcd2345", 1]],
        [[1, 1, "room/abcd2345", 1, {"kind": "created"}]],
        [[0, 1, "room/abcd2345", 1, CREATED]],
        [[1 << 63, 1, "room/abcd2345", 1, CREATED]],
        [[5, 1, "room/abcd2345", 1, CREATED], [4, 1, "room/abcd2345", 2, CREATED]],
        [[5, 2, "room/abcd2345", 1, CREATED], [6, 1, "room/abcd2345", 2, CREATED]],
        [[5, 1, "room/abcd2345", 2, CREATED], [6, 1, "room/abcd2345", 1, CREATED]],
        [[5, 1, "name/ada", 1, CREATED]],
        [[5, 1, "room/abcd2345", 1, "{}"]],
        "xxxxx",
        [None],
    ],
    ids=lambda rows: str(rows)[:40],
)
def test_g8_rows_of_a_wrong_shape_or_order_do_not_get_into_the_copy(peer: Peer, bad: object) -> None:
    standing = peer.call(REPLICATION, "standing", 0, 0, "")
    for method, arguments in (
        ("append", (standing["last"][:2], [], bad, [])),
        ("append", (standing["last"][:2], bad, [], [])),
        ("add_to_copy", (1, 0, [["room/abcd2345", None, bad]])),
    ):
        if arguments[1:] == (bad, [], []) and isinstance(bad, list) and len(bad) > 1:
            continue  # whether snapshots are in order is no matter
        with pytest.raises(InvalidArgument):
            peer.call(REPLICATION, method, *standing["office"], *arguments)
    afterwards = peer.call(REPLICATION, "standing", 0, 0, "")
    assert afterwards["office"] == standing["office"]
    # Meanwhile the main server may have written what time brings, and nobody else anything.
    wait_until(lambda: standing["last"][1] <= afterwards["last"][1] <= peer.call(MAIN, "status")["position"])


@pytest.mark.usefixtures("same_processes")
def test_g8_positions_of_the_past_and_epochs_of_the_future_are_refused(peer: Peer) -> None:
    standing = peer.call(REPLICATION, "standing", 0, 0, "")
    (epoch, holder), (last_epoch, position, _) = standing["office"], standing["last"]
    row = (epoch, "room/abcd2345", 1, CREATED)
    for entry in ((position, *row), (position + 1, epoch + 1, *row[1:])):
        with pytest.raises(InvalidArgument):
            peer.call(REPLICATION, "append", epoch, holder, (last_epoch, position), [], [entry], [])
    for term in ((epoch, holder, position), (epoch, holder, position + 2), (epoch + 1, holder, position + 1)):
        following = ((last_epoch, position), [], [(position + 1, *row)], [term])
        with pytest.raises(InvalidArgument):
            peer.call(REPLICATION, "append", epoch, holder, *following)
    for method in ("append", "add_to_copy", "begin_copy", "end_copy", "forget", "drop_after_gaps", "damage", "mend"):
        more: dict[str, tuple[object, ...]] = {
            "append": ((last_epoch, position), [], [], []),
            "begin_copy": (1,),
            "add_to_copy": (1, 0, []),
            "end_copy": (1, 0, (last_epoch, position), []),
            "mend": ([], False),
            "forget": ([],),
        }
        for wrong in ((epoch - 1, holder), (epoch + 1, holder), (epoch, "another")):
            with pytest.raises(Fenced):
                peer.call(REPLICATION, method, *wrong, *more.get(method, ()))
    for method in ("take_office", "attach"):
        with pytest.raises(InvalidArgument, match="too far"):
            peer.call(REPLICATION, method, epoch + FARTHEST_LEAP + 1, "another")
    assert peer.call(REPLICATION, "standing", 0, 0, "") == standing
