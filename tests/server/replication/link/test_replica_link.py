"""The replica link between a real server and real links: calls, failures, reconnects and limits."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from game.errors import InvalidArgument, InvariantBroken, TicTacToeError
from server.replication.link import link_server
from server.replication.link.channel import frame
from server.replication.link.encoding import LARGEST_MESSAGE, answer, request
from server.replication.link.place import SOCKET
from tests.server.replication.link.ends import Ends, Service
from wire.errors import Busy, DeadlineExceeded, Forbidden, InternalError, NotReady, TooLarge, Unreachable, WrongMachine
from wire.later import Later, answered, failed
from wire.rpc import connection


def test_calls_are_answered_on_one_connection(ends: Ends) -> None:
    link = ends.link()
    for number in range(20):
        assert ends.result(link.call("forget", (str(number),))) == f"done: {number}"
    assert ends.service.done == ["check_machine", *map(str, range(20))]
    assert ends.connections == 1


def test_a_call_before_the_end_of_the_earlier_one_is_a_fault(ends: Ends) -> None:
    link = ends.link()
    first = link.call("forget", ("first",))
    with pytest.raises(InvariantBroken):
        link.call("forget", ("second",))
    assert ends.result(first) == "done: first"


def test_the_answer_to_a_call_can_begin_the_next_one(ends: Ends) -> None:
    link = ends.link()
    values: list[object] = []

    def on_answer(value: object, _error: object) -> None:
        values.append(value)
        if len(values) < 5:
            link.call("forget", (str(len(values)),)).then(on_answer)

    link.call("forget", ("0",)).then(on_answer)
    ends.until(lambda: len(values) == 5)
    assert values == [f"done: {number}" for number in range(5)]


@pytest.mark.parametrize(
    ("method", "arguments", "kind"),
    [
        ("forget", ("fail",), TicTacToeError),
        ("forget", ("break",), InternalError),
        ("forget", ("unsendable",), InvalidArgument),
        ("forget", (5,), InvalidArgument),
        ("forget", (), InvalidArgument),
        ("forget", ("a", "b"), InvalidArgument),
        ("forget", ("\ud800",), InvalidArgument),
        ("forget", (object(),), InvalidArgument),
        ("append", (), NotReady),
        ("__init__", (), InvalidArgument),
        ("done", (), InvalidArgument),
    ],
)
def test_a_call_that_fails_raises_its_error_and_the_next_call_is_answered(
    ends: Ends, method: str, arguments: tuple[object, ...], kind: type[TicTacToeError]
) -> None:
    link = ends.link()
    with pytest.raises(TicTacToeError) as raised:
        ends.result(link.call(method, arguments))
    assert type(raised.value) is kind
    assert ends.result(link.call("forget", ("next",))) == "done: next"


def test_after_an_error_the_next_call_checks_the_machine_again(ends: Ends) -> None:
    link = ends.link()
    with pytest.raises(TicTacToeError):
        ends.result(link.call("forget", ("fail",)))
    ends.result(link.call("forget", ("next",)))
    assert ends.service.done == ["check_machine", "fail", "check_machine", "next"]


def test_a_replica_of_another_machine_gets_no_call(ends: Ends) -> None:
    with pytest.raises(WrongMachine):
        ends.result(ends.link(machine="another").call("forget", ("one",)))
    assert ends.service.done == ["check_machine"]
    assert ends.wrong == ["that is another machine"]


def test_a_server_that_does_not_answer_in_time_fails_the_call_and_its_late_answer_reaches_nobody(ends: Ends) -> None:
    link = ends.link(timeout_s=0.3)
    with pytest.raises(DeadlineExceeded):
        ends.result(link.call("forget", ("later",)))
    ends.service.deferred[0].answer("late")
    assert ends.result(link.call("forget", ("next",))) == "done: next"


def test_a_server_that_accepts_and_does_not_answer_the_handshake_fails_the_call_in_time(ends: Ends) -> None:
    ends.close_server()
    listener = ends.place.listen()
    with pytest.raises(DeadlineExceeded):
        ends.result(ends.link(timeout_s=0.1).call("forget", ("one",)))
    listener.close()


def test_every_call_has_its_own_time(ends: Ends) -> None:
    link = ends.link(timeout_s=0.3)
    for _ in range(4):
        began = ends.loop.time()
        ends.result(link.call("forget", ("now",)))
        ends.until(lambda began=began: ends.loop.time() > began + 0.1)
    ends.close_server()
    ends.until(lambda: link._connection is None)
    listener = ends.place.listen()
    for _ in range(3):
        began = ends.loop.time()
        with pytest.raises(DeadlineExceeded):
            ends.result(link.call("forget", ("late",)))
        assert ends.loop.time() > began + 0.29
    listener.close()


def test_without_a_server_a_call_fails_until_there_is_one(ends: Ends) -> None:
    link = ends.link()
    ends.close_server()
    for _ in range(2):
        with pytest.raises(Unreachable) as refused:
            ends.result(link.call("forget", ("one",)))
        assert type(refused.value) is Unreachable
        (ends.folder / SOCKET).unlink(missing_ok=True)
    ends.server = ends.make_server()
    ends.server.listen()
    assert ends.result(link.call("forget", ("two",))) == "done: two"


def test_a_replication_server_of_an_older_version_is_not_used_and_the_error_tells_what_to_upgrade(ends: Ends) -> None:
    ends.close_server()
    ends.at_peer_port = lambda: answered(None)
    with pytest.raises(Unreachable, match="upgrade replication first, then main, then communication"):
        ends.result(ends.link().call("attach", (1, "a")))
    assert ends.wrong == []


def test_g4_a_replication_server_with_another_data_folder_is_another_machine(ends: Ends) -> None:
    ends.close_server()
    ends.at_peer_port = lambda: failed(WrongMachine("that has another folder"))
    with pytest.raises(WrongMachine):
        ends.result(ends.link().call("attach", (1, "a")))
    assert ends.wrong == ["that has another folder"]


def test_what_the_peer_port_refuses_is_the_reason(ends: Ends) -> None:
    ends.close_server()
    ends.at_peer_port = lambda: failed(Forbidden("another key"))
    with pytest.raises(Forbidden):
        ends.result(ends.link().call("attach", (1, "a")))


def test_g4_an_answer_of_the_peer_port_after_the_timeout_still_counts(ends: Ends) -> None:
    ends.close_server()
    asked: list[Later] = []

    def ask() -> Later:
        asked.append(Later())
        return asked[-1]

    ends.at_peer_port = ask
    link = ends.link(timeout_s=0.05)
    for _ in range(3):
        with pytest.raises(DeadlineExceeded):
            ends.result(link.call("attach", (1, "a")))
    assert len(asked) == 1, "one question at a time"
    asked[0].fail(WrongMachine("that has another folder"))
    assert set(ends.wrong) == {"that has another folder"}


def test_a_call_under_way_fails_when_the_server_dies_and_the_next_one_finds_its_successor(ends: Ends) -> None:
    link = ends.link()
    under_way = link.call("forget", ("later",))
    ends.until(lambda: ends.service.deferred)
    ends.close_server()
    with pytest.raises(Unreachable):
        ends.result(under_way)
    ends.server = ends.make_server()
    ends.server.listen()
    assert ends.result(link.call("forget", ("next",))) == "done: next"


def test_a_connection_that_broke_while_nothing_was_called_is_replaced(ends: Ends) -> None:
    link = ends.link()
    ends.result(link.call("forget", ("one",)))
    ends.close_server()
    ends.until(lambda: ends.connections == 0)
    ends.server = ends.make_server()
    ends.server.listen()
    ends.turns()
    assert ends.result(link.call("forget", ("two",))) == "done: two"


def test_a_link_with_another_key_is_refused(ends: Ends) -> None:
    link = ends.link(key=b"another key")
    with pytest.raises(Forbidden):
        ends.result(link.call("forget", ("one",)))
    assert ends.service.done == []
    assert ends.answered == [("", Forbidden.code)]


def test_a_server_with_another_key_gets_no_call(ends: Ends) -> None:
    ends.close_server()
    ends.server = ends.make_server(key=b"another key")
    ends.server.listen()
    with pytest.raises(Forbidden):
        ends.result(ends.link().call("forget", ("one",)))


def test_a_large_message_and_a_large_answer_pass(ends: Ends) -> None:
    much = "x" * (4 << 20)
    assert ends.result(ends.link().call("forget", (much,))) == f"done: {much}"


def test_g9_a_message_beyond_the_limit_is_not_sent(ends: Ends) -> None:
    link = ends.link()
    with pytest.raises(TooLarge):
        ends.result(link.call("forget", ("x" * (LARGEST_MESSAGE + 1),)))
    assert ends.result(link.call("forget", ("next",))) == "done: next"


def test_g8_bytes_that_are_no_handshake_end_their_connection_alone(ends: Ends) -> None:
    link = ends.link()
    ends.result(link.call("forget", ("one",)))
    for garbage in (b"\xff" * 100, frame(b""), frame(b"x" * 65), frame(b"\1" * 65), b"GET / HTTP/1.1\r\n\r\n" * 50):
        with ends.raw() as sock:
            sock.sendall(garbage)
            assert ends.ends(sock)
    assert ends.result(link.call("forget", ("two",))) == "done: two"
    assert ends.connections == 1


def test_g9_a_connection_without_a_handshake_is_closed_after_a_while(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HANDSHAKE_S", 0.1)
    with ends.raw() as sock:
        assert ends.ends(sock)
    assert ends.connections == 0


def test_g9_only_some_connections_are_in_their_handshake_and_they_make_room(ends: Ends) -> None:
    with contextlib.ExitStack() as opened:
        socks = [opened.enter_context(ends.raw()) for _ in range(link_server.MOST_HALF_OPEN + 1)]
        ends.until(lambda: ends.connections == link_server.MOST_HALF_OPEN)
        ends.turns(20)
        assert ends.connections == link_server.MOST_HALF_OPEN, "the last one waits in the listen queue"
        assert ends.result(ends.link().call("forget", ("one",))) == "done: one"
        assert ends.ends(socks[0])


def test_g9_when_there_are_many_connections_the_next_one_is_refused_until_a_silent_one_is_closed(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_server, "IDLE_S", 0.5)
    links = [ends.link() for _ in range(link_server.MOST_CONNECTIONS)]
    for link in links:
        ends.result(link.call("forget", ("hello",)))
    assert ends.connections == link_server.MOST_CONNECTIONS
    with pytest.raises(Busy):
        ends.result(ends.link().call("forget", ("one more",)))
    assert ends.answered[-1] == ("", Busy.code)
    ends.until(lambda: ends.connections == 0)
    assert ends.result(ends.link().call("forget", ("afterwards",))) == "done: afterwards"
    assert ends.result(links[0].call("forget", ("again",))) == "done: again"


def test_g9_many_requests_at_once_leave_the_loop_time_for_others(ends: Ends) -> None:
    with ends.authentic() as (_, channel):
        for number in range(100):
            channel.send(request(number, "forget", [str(number)]))
        counts = [0]
        while counts[-1] < 100:
            ends.turns(1)
            counts.append(len(ends.service.done))
    assert ends.service.done == [str(number) for number in range(100)]
    assert all(after - before <= 20 for before, after in itertools.pairwise(counts))


def test_g9_a_peer_that_does_not_read_its_answers_gets_no_more_of_them(ends: Ends) -> None:
    with ends.authentic() as (sock, channel):
        for number in range(40):
            channel.send(request(number, "forget", ["big"]))
        ends.until(lambda: ends.service.done)
        ends.turns(100)
        assert len(ends.service.done) < 5
        assert ends.result(ends.link().call("forget", ("another",))) == "done: another"

        def has_read_all() -> bool:
            with contextlib.suppress(BlockingIOError):
                sock.recv(1 << 20)
            return len(ends.service.done) == 42

        ends.until(has_read_all)


def test_requests_on_one_connection_are_answered_one_after_the_other(ends: Ends) -> None:
    with ends.authentic() as (_, channel):
        for number, what in enumerate(("later", "now")):
            channel.send(request(number, "forget", [what]))
        ends.until(lambda: ends.service.deferred)
        ends.turns()
        assert ends.service.done == ["later"]
        ends.loop.call_soon(ends.service.deferred[0].answer, "late")
        ends.until(lambda: ends.service.done == ["later", "now"])


@pytest.mark.parametrize("number", [0, 1, 6])
def test_an_answer_to_another_request_breaks_the_connection(
    ends: Ends, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    link = ends.link()
    ends.result(link.call("forget", ("one",)))
    with monkeypatch.context() as patched:
        patched.setattr(link_server, "answer", lambda _number, value, error: answer(number, value, error))
        with pytest.raises(Unreachable):
            ends.result(link.call("forget", ("two",)))
    assert ends.result(link.call("forget", ("three",))) == "done: three"
    assert ends.service.done.count("check_machine") == 2


def test_a_replication_server_that_starts_while_its_peer_port_is_asked_is_used(ends: Ends) -> None:
    ends.close_server()
    asked = Later()
    ends.at_peer_port = lambda: asked
    call = ends.link().call("forget", ("one",))
    ends.turns()
    ends.server = ends.make_server()
    ends.server.listen()
    asked.answer(None)
    assert ends.result(call) == "done: one"


def test_g9_while_an_answer_is_deferred_no_more_input_is_read(ends: Ends) -> None:
    with ends.authentic() as (_, channel):
        channel.send(request(1, "forget", ["later"]))
        ends.until(lambda: ends.service.deferred)
        ends.turns()
        with contextlib.suppress(BlockingIOError):
            for _ in range(100):
                channel.send(request(2, "forget", ["x" * 100_000]))
                ends.turns()
            raise AssertionError("the system's buffers must be full by now")
        assert ends.service.done == ["later"]


def test_what_opens_later_answers_on_the_same_connection(ends: Ends) -> None:
    link = ends.link()
    with pytest.raises(NotReady):
        ends.result(link.call("terms", ()))
    other = Service()
    ends.result(link.call("forget", ("one",)))
    ends.server.offer(other)
    assert ends.result(link.call("forget", ("two",))) == "done: two"
    assert other.done == ["two"]


def test_the_socket_file_is_for_its_user_alone(ends: Ends) -> None:
    file = ends.folder / SOCKET
    assert file.is_socket()
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in ends.folder.iterdir()) == [SOCKET]
