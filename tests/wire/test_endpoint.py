"""An endpoint on an event loop: who is taken in, who is refused, and what one client can do to others."""

from __future__ import annotations

import contextlib
import itertools
import random
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import msgpack
import Pyro4  # noqa: TID251  # a stock client
import pytest

from game.errors import NotYourTurn, TicTacToeError
from tests.conditions import PATIENCE_S, wait_until
from tests.tampering import ends
from tests.wire.serving import LoopThread, NewLoop, endpoint_at, serving
from verify.fuzz.wire_inputs import AFTER_HANDSHAKE, AS_HANDSHAKE, call, handshake, message
from wire.arguments import anything, remote
from wire.caller import calling_host
from wire.connection_limits import MOST_HALF_OPEN
from wire.errors import Busy, InternalError
from wire.frames import CONNECT_FAIL, EXCEPTION, INVOKE, MSGPACK, PING, encode
from wire.later import Later
from wire.replies import Replies
from wire.rpc import Address, Proxy, configure
from wire.rpc.connection import MESSAGES_AT_ONCE
from wire.rpc.endpoint import Endpoint
from wire.rpc.turns import MOST_S

HERE = Address("127.0.0.1", 0)


class Server:
    """Answers in each of the ways that there are."""

    def __init__(self) -> None:
        self.later: dict[object, Later] = {}
        self.given: list[object] = []

    @remote(what=anything)
    def back(self, what: object) -> object:
        """Give it back."""
        self.given.append(what)
        return what

    @remote(what=anything)
    def slow(self, what: object) -> object:
        """Give it back, after much work."""
        until = time.monotonic() + 1.2 * MOST_S
        while time.monotonic() < until:
            pass
        return self.back(what)

    @remote(size=anything)
    def large(self, size: int) -> str:
        """Answer with so much."""
        self.given.append(size)
        return "x" * size

    @remote()
    def host(self) -> str:
        """Tell whom the server believes to talk to."""
        return calling_host()

    @remote()
    def breaks(self) -> None:
        """Fail as a fault of ours does."""
        raise ValueError("a fault of ours")

    @remote(what=anything)
    def defer(self, what: object) -> Later:
        """Answer later."""
        return self.later.setdefault(what, Later())

    @remote(what=anything)
    def procedure(self, what: object) -> Generator[Later, Any, object]:
        """Answer once something else is answered."""
        answer = yield self.defer(what)
        if answer == "refuse":
            raise NotYourTurn("not now")
        if answer == "break":
            raise ValueError("a fault of ours")
        return answer

    def hidden(self) -> None:
        """Not callable from outside."""


def run(procedure: Generator[Later, Any, Any]) -> Later:
    """Run a procedure that waits for deferred answers."""
    ended = Later()

    def go_on(value: object, _error: object) -> None:
        try:
            procedure.send(value).then(go_on)
        except StopIteration as end:
            ended.answer(end.value)
        except TicTacToeError as error:
            ended.fail(error)

    go_on(None, None)
    return ended


@pytest.fixture
def limits() -> Iterator[Callable[..., None]]:
    """Set the limits of the endpoints that a test makes."""

    def limit(*, connections: int = 64, idle_s: float = 60.0) -> None:
        configure(largest_message=1 << 20, connections=connections, idle_s=idle_s)

    yield limit
    limit()


@pytest.fixture
def server() -> Server:
    return Server()


class Served:
    """An endpoint that is served."""

    def __init__(self, endpoint: Endpoint, thread: LoopThread) -> None:
        self.endpoint = endpoint
        self.thread = thread
        self.address = Address("127.0.0.1", endpoint.port)

    def caller(self) -> Proxy:
        return Proxy(self.address, "server")

    def client(self) -> Client:
        return Client(self.address)


class Client:
    """A client that sends what it wants, and has shaken hands."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, PATIENCE_S)
        self.answers = Replies(self.socket, largest=1 << 26)
        self.socket.sendall(handshake("server"))
        self.answers.next()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def call(self, number: int, method: str, *arguments: object) -> None:
        self.socket.sendall(invoke(number, method, *arguments))

    def next(self) -> object:
        return msgpack.unpackb(self.answers.next().data)


def invoke(number: int, method: str, *arguments: object) -> bytes:
    return encode(INVOKE, 0, number, MSGPACK, msgpack.packb(("server", method, arguments, {})))


@pytest.fixture
def served(server: Server, new_loop: NewLoop) -> Iterator[Served]:
    with served_with(server, new_loop) as served:
        yield served


@contextlib.contextmanager
def served_with(server: Server, new_loop: NewLoop, *, fails: bool = False, **given: Any) -> Iterator[Served]:
    endpoint = endpoint_at(HERE, **{"run": run, **given})
    endpoint.offer("server", server)
    with serving(endpoint, new_loop=new_loop, fails=fails) as thread:
        yield Served(endpoint, thread)


# -- calls ------------------------------------------------------------------------------------------------------------


def test_a_stock_client_calls_what_is_exposed_and_sees_nothing_else(served: Served) -> None:
    for serializer in ("serpent", "msgpack"):
        with Pyro4.Proxy(f"PYRO:server@{served.address}") as stock:
            stock._pyroSerializer = serializer
            assert stock.back({"x": [1, None]}) == {"x": [1, None]}
            assert stock._pyroMethods == {"back", "large", "host", "breaks", "defer", "procedure", "slow"}
            with pytest.raises(RuntimeError, match="failed at this"):
                stock.breaks()
            with pytest.raises(AttributeError):
                stock.hidden()
    assert served.caller().call("host", timeout_s=PATIENCE_S) == "127.0.0.1"
    with pytest.raises(TicTacToeError, match="no such remote method"):
        served.caller().call("hidden", timeout_s=PATIENCE_S)


def test_objects_of_other_names_are_made_for_each_call(served: Served, server: Server) -> None:
    asked: list[str] = []

    def make(name: str) -> object:
        asked.append(name)
        return server if name == "room.one" else None

    served.endpoint.offer_on_demand(make)
    with Pyro4.Proxy(f"PYRO:room.one@{served.address}") as stock:
        assert [stock.back(number) for number in range(2)] == [0, 1]
    with Pyro4.Proxy(f"PYRO:room.two@{served.address}") as stock, pytest.raises(Pyro4.errors.PyroError):
        stock.back(0)
    assert set(asked) == {"room.one", "room.two"}
    with served.client() as client:
        client.socket.sendall(encode(INVOKE, 0, 1, MSGPACK, msgpack.packb((["list"], "back", (0,), {}))))
        assert client.answers.next().flags & EXCEPTION
    assert set(asked) == {"room.one", "room.two"}, "a name is text"


def test_a_call_that_wants_no_answer_and_a_ping(served: Served, server: Server) -> None:
    with Pyro4.Proxy(f"PYRO:server@{served.address}") as stock:
        stock._pyroBind()
        stock._pyroOneway.add("defer")
        assert stock.defer("one way") is None
        wait_until(lambda: server.later)
    with served.client() as client:
        client.socket.sendall(encode(PING, 0, 7, MSGPACK, b"ping"))
        answer = client.answers.next()
    assert (answer.kind, answer.sequence, answer.data) == (PING, 7, b"pong")


def test_clients_that_connect_before_it_serves_wait(server: Server, new_loop: NewLoop) -> None:
    endpoint = endpoint_at(HERE)
    endpoint.offer("server", server)
    early = socket.create_connection(("127.0.0.1", endpoint.port), PATIENCE_S)
    early.sendall(handshake("server") + invoke(2, "back", 5))
    with serving(endpoint, new_loop=new_loop), early:
        answers = Replies(early, largest=1 << 16)
        answers.next()
        assert msgpack.unpackb(answers.next().data) == 5


def test_answers_leave_in_the_order_of_the_calls(served: Served, server: Server) -> None:
    with served.client() as client:
        client.socket.sendall(b"".join(invoke(n, "defer" if n % 2 else "back", n) for n in range(8)))
        for number in range(8):
            if number % 2:
                wait_until(lambda number=number: number in server.later)  # type: ignore[misc]
                assert set(server.later) == set(range(1, number + 1, 2)), "the next call waits for the answer"
                served.thread.do(server.later[number].answer, number)
            assert client.next() == number


def test_what_is_settled_already_is_answered_at_once(served: Served, server: Server) -> None:
    server.later[1] = Later()
    server.later[1].answer("at once")
    assert served.caller().call("defer", 1, timeout_s=PATIENCE_S) == "at once"


@pytest.mark.parametrize(
    ("answer", "expected"), [("yes", "yes"), ("refuse", NotYourTurn.code), ("break", InternalError.code)]
)
def test_a_method_can_be_a_procedure(
    served: Served, server: Server, answer: str, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    with served.client() as client:
        client.call(1, "procedure", "it")
        wait_until(lambda: "it" in server.later)
        served.thread.do(server.later["it"].answer, answer)
        outcome = client.next()
    found = outcome if isinstance(outcome, str) else outcome["attributes"]["code"]  # type: ignore[index]
    assert found == expected
    assert ("a fault of ours" in caplog.text) == (answer == "break")


def test_a_procedure_where_none_can_be_run_is_a_fault_of_ours(server: Server, new_loop: NewLoop) -> None:
    with served_with(server, new_loop, fails=True, run=None) as served, served.client() as client:
        client.call(1, "procedure", "it")
        assert ends(client.socket)


def test_a_fault_outside_of_the_methods_reaches_the_handler_of_the_loop(server: Server, new_loop: NewLoop) -> None:
    def fails(_method: object, _code: object, _took_s: float) -> None:
        raise OSError("a fault of ours")

    with served_with(server, new_loop, fails=True, answered=fails) as served, served.client() as client:
        client.call(1, "back", 1)
        assert ends(client.socket)
        wait_until(lambda: served.thread.errors)
        assert [type(error) for error in served.thread.errors] == [OSError]


def test_each_answer_is_counted_with_its_outcome(server: Server, new_loop: NewLoop) -> None:
    counted: list[tuple[object, str | None]] = []

    def count(method: object, code: str | None, took_s: float) -> None:
        assert 0 <= took_s < PATIENCE_S
        counted.append((method, code))

    with served_with(server, new_loop, answered=count) as served, served.client() as client:
        for number, method in enumerate(("back", "breaks", "nothing")):
            client.call(number, method, *([1] if method == "back" else []))
            client.next()
    assert counted == [("back", None), ("breaks", "internal_error"), ("nothing", "invalid_argument")]


def test_a_call_that_is_signed_as_the_library_signs_is_for_another_port(served: Served, server: Server) -> None:
    signed = message(INVOKE, msgpack.packb(("server", "back", (1,), {})), annotations=b"HMAC\x00\x04sign")
    with served.client() as client:
        client.socket.sendall(signed)
        assert ends(client.socket)
    assert server.given == []


# -- one client and others --------------------------------------------------------------------------------------------


def test_many_calls_at_once_do_not_keep_others_waiting(served: Served, server: Server) -> None:
    """Both clients have sent their calls before the loop looks at either."""
    count = 600
    with served.client() as greedy, served.client() as other:

        def send() -> None:
            greedy.socket.sendall(b"".join(invoke(n, "back", n) for n in range(count)))
            other.call(1, "back", "other")

        served.thread.do(send)
        assert [greedy.next() for _ in range(count)] == list(range(count))
        assert other.next() == "other"
    assert server.given.index("other") <= 2 * MESSAGES_AT_ONCE


def test_slow_calls_of_many_clients_leave_each_turn_of_the_loop_short(served: Served, server: Server) -> None:
    """Whatever else the loop has to do, such as heartbeats, waits for one or two slow calls, not for all."""
    clients, calls, counts = 12, 8, [0]

    def other() -> None:
        counts.append(len(server.given))
        if counts[-1] < clients * calls:
            served.thread.loop.call_soon(other)

    with contextlib.ExitStack() as stack:
        all_clients = [stack.enter_context(served.client()) for _ in range(clients)]

        def send() -> None:
            for client in all_clients:
                client.socket.sendall(b"".join(invoke(n, "slow", n) for n in range(calls)))
            other()

        served.thread.do(send)
        for client in all_clients:
            assert [client.next() for _ in range(calls)] == list(range(calls))
        wait_until(lambda: counts[-1] == clients * calls)
    assert max(after - before for before, after in itertools.pairwise(counts)) <= 2
    assert len({*server.given[: 2 * clients]}) <= 3, "clients take turns"


def test_who_does_not_read_costs_one_answer_and_keeps_nobody_waiting(served: Served, server: Server) -> None:
    size, calls = 1 << 23, 20
    with served.client() as slow, served.client() as other:
        slow.socket.sendall(b"".join(invoke(n, "large", size) for n in range(calls)))
        for number in range(50):
            other.call(number, "back", number)
            assert other.next() == number
        assert server.given.count(size) == 1, "the next call is carried out when this answer is taken"
        for _ in range(calls):
            assert slow.next() == "x" * size


def test_the_host_of_a_call_is_that_of_its_connection(served: Served) -> None:
    with served.client() as one, served.client() as other:
        for client in (one, other, one):
            client.call(1, "host")
            assert client.next() == "127.0.0.1"


# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Let this process have as many descriptors as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_descriptors")
def test_a_thousand_clients_at_once_are_all_served(
    server: Server, new_loop: NewLoop, limits: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 1000
    monkeypatch.setattr("wire.connection_limits.HALF_OPEN_S", PATIENCE_S)  # on a busy machine all take their time
    limits(connections=count)
    with served_with(server, new_loop) as served, contextlib.ExitStack() as stack:
        clients = []
        for number in range(count):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(served.address)
            clients.append((number, client))
        for number, client in clients:
            client.settimeout(PATIENCE_S)
            client.sendall(handshake("server") + invoke(2, "back", number))
        for number, client in clients:
            answers = Replies(client, largest=1 << 16)
            answers.next()
            assert msgpack.unpackb(answers.next().data) == number
        assert served.endpoint.connections == count


def test_beyond_the_limit_a_client_gets_the_reason_and_a_place_when_there_is_one(
    server: Server, new_loop: NewLoop, limits: Callable[..., None]
) -> None:
    limits(connections=2)
    with served_with(server, new_loop) as served:
        first, second = served.client(), served.client()
        caller = served.caller()
        for _ in range(70):
            with pytest.raises(Busy):
                caller.call("back", 1, timeout_s=PATIENCE_S)
        first.socket.close()
        wait_until(lambda: served.endpoint.connections == 1)
        assert caller.call("back", 1, timeout_s=PATIENCE_S) == 1
        second.socket.close()
        caller.close()


def test_one_host_gets_its_share_and_is_told_so_whenever_it_asks(server: Server, new_loop: NewLoop) -> None:
    codes: list[str | None] = []
    given = {"most_of_host": 1, "answered": lambda _method, code, _took_s: codes.append(code)}
    with served_with(server, new_loop, **given) as served, served.client() as client:
        with socket.create_connection(served.address, PATIENCE_S) as second:
            wait_until(lambda: codes == [Busy.code])
            second.sendall(handshake("server"))
            assert Replies(second, largest=1 << 16).next().kind == CONNECT_FAIL
            assert second.recv(1) == b"", "the end is orderly: no reset that could overtake the reason"
        client.call(1, "back", 1)
        assert client.next() == 1


def test_silent_clients_make_room_for_others(server: Server, new_loop: NewLoop, limits: Callable[..., None]) -> None:
    limits(connections=8)
    with served_with(server, new_loop) as served, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(served.address, PATIENCE_S)) for _ in range(8)]
        wait_until(lambda: served.endpoint.connections == 8)
        caller = served.caller()
        assert caller.call("back", 1, timeout_s=PATIENCE_S) == 1
        assert ends(silent[0]), "the oldest was closed"
        caller.close()


@pytest.mark.usefixtures("many_descriptors")
def test_a_flood_of_silent_clients_delays_others_but_keeps_nobody_out(
    server: Server, new_loop: NewLoop, limits: Callable[..., None]
) -> None:
    limits(connections=4 * MOST_HALF_OPEN)
    with served_with(server, new_loop) as served, contextlib.ExitStack() as stack:
        for _ in range(MOST_HALF_OPEN + 20):
            stack.enter_context(socket.create_connection(served.address, PATIENCE_S))
        wait_until(lambda: served.endpoint.connections == MOST_HALF_OPEN)
        caller = served.caller()
        assert caller.call("back", 1, timeout_s=PATIENCE_S) == 1
        assert served.endpoint.connections <= MOST_HALF_OPEN + 1
        caller.close()


@pytest.mark.parametrize("name", ["HANDSHAKE_S", "idle_s", "MESSAGE_S"])
def test_who_is_late_is_cut_off(
    server: Server, new_loop: NewLoop, name: str, monkeypatch: pytest.MonkeyPatch, limits: Callable[..., None]
) -> None:
    if name == "idle_s":
        limits(idle_s=0.1)
    else:
        monkeypatch.setattr(f"wire.rpc.connection.{name}", 0.1)
    with served_with(server, new_loop) as served:
        if name == "HANDSHAKE_S":
            client = socket.create_connection(served.address, PATIENCE_S)
        else:
            client = served.client().socket
        if name == "MESSAGE_S":
            client.sendall(invoke(1, "back", 1)[:-1])
        with client:
            assert ends(client)
        wait_until(lambda: served.endpoint.connections == 0)


def test_without_descriptors_it_pauses_and_goes_on(
    server: Server, new_loop: NewLoop, caplog: pytest.LogCaptureFixture
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with served_with(server, new_loop) as served, served.client() as there, socket.socket() as waiting:
        waiting.settimeout(PATIENCE_S)
        lowest = socket.socket()
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest.fileno(), hard))
        lowest.close()
        taken = open_all()
        try:
            waiting.connect(served.address)
            waiting.sendall(handshake("server") + invoke(2, "back", 2))
            wait_until(lambda: "cannot be accepted" in caplog.text)
            there.call(1, "back", 1)
            assert there.next() == 1, "clients that are there are served meanwhile"
            began, seen = time.monotonic(), caplog.text.count("cannot be accepted")
            wait_until(lambda: caplog.text.count("cannot be accepted") >= seen + 2)
            assert caplog.text.count("cannot be accepted") - seen <= (time.monotonic() - began) / 0.1 + 1
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for one in taken:
                one.close()
        answers = Replies(waiting, largest=1 << 16)
        answers.next()
        assert msgpack.unpackb(answers.next().data) == 2


def open_all() -> list[socket.socket]:
    """Take all descriptors that are left."""
    taken = []
    with contextlib.suppress(OSError):
        while True:
            taken.append(socket.socket())
    return taken


def test_its_end_closes_the_connections_and_abandons_deferred_answers(server: Server, new_loop: NewLoop) -> None:
    abandoned: list[bool] = []
    server.later["it"] = Later()
    server.later["it"].on_abandon(lambda: abandoned.append(True))
    with served_with(server, new_loop) as served:
        client = served.client()
        client.call(1, "defer", "it")
        silent = socket.create_connection(served.address, PATIENCE_S)
        wait_until(lambda: served.endpoint.connections == 2)
        served.client().socket.close()
    with client, silent:
        assert ends(client.socket)
        assert ends(silent)
    assert abandoned == [True]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(served.address, PATIENCE_S)


def test_its_end_closes_also_what_has_only_just_connected(new_loop: NewLoop) -> None:
    endpoint = endpoint_at(HERE)
    thread = LoopThread(new_loop)
    with socket.create_connection(("127.0.0.1", endpoint.port), PATIENCE_S) as client:

        def accept_and_close() -> None:
            endpoint.begin(thread.loop)
            endpoint._open._acceptor._accept()
            assert endpoint.connections == 1
            endpoint.close()

        thread.do(accept_and_close)
        assert ends(client)
    wait_until(lambda: endpoint.connections == 0)
    thread.close()
    assert thread.errors == []


def test_an_endpoint_that_never_served_can_be_closed() -> None:
    endpoint = endpoint_at(HERE)
    endpoint.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", endpoint.port), PATIENCE_S)


def test_connections_send_without_delay(served: Served) -> None:
    with served.client():
        (connection,) = served.thread.do(lambda: list(served.endpoint._open._open.values()))
        sock = connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


# -- malformed messages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(AS_HANDSHAKE))
def test_no_input_reaches_more_than_its_own_connection(served: Served, kind: str) -> None:
    rng = random.Random(kind)
    with served.client() as other:
        for number in range(12):
            after = number % 2 and kind in AFTER_HANDSHAKE
            bad = served.client().socket if after else socket.create_connection(served.address, PATIENCE_S)
            with bad:
                with contextlib.suppress(OSError):  # it may have ended already
                    bad.sendall((AFTER_HANDSHAKE if after else AS_HANDSHAKE)[kind](rng))
                    bad.sendall(call("server", "back", 1))
                    bad.shutdown(socket.SHUT_WR)
                assert ends(bad)
            other.call(number, "back", number)
            assert other.next() == number


def test_a_program_that_only_calls_does_not_import_the_loop() -> None:
    code = "import sys, wire.rpc; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
