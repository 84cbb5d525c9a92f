"""What servers say to one another counts once, on its own connection and in its place: somebody on the way can do
nothing with recorded messages but break connections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgpack
import pytest

from tests.conditions import wait_until
from tests.tampering import Wire, connected, ends, messages, with_header
from tests.wire.serving import NewLoop, endpoint_at, serving
from wire import PEER, PEER_PROTOCOL
from wire.arguments import remote, text
from wire.authentication import HELLO_BYTES, Initiator
from wire.errors import Forbidden, ProtocolMismatch, Unreachable
from wire.frames import CONNECT, CONNECT_FAIL, HEADER, INVOKE, MSGPACK, RESULT, Frame, encode, head_of, token_of
from wire.rpc import Address, Proxy
from wire.rpc.endpoint import Endpoint

KEY = b"the key of this port"
PATIENCE_S = 60.0


class Server:
    """Does what it is asked, and remembers it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    @remote(what=text(longest=1000))
    def do(self, what: str) -> str:
        """Do it."""
        self.done.append(what)
        return f"done: {what}"


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def endpoint(server: Server, new_loop: NewLoop) -> Iterator[Endpoint]:
    endpoint = endpoint_at(Address("127.0.0.1", 0), key=KEY)
    endpoint.offer(PEER, server)
    with serving(endpoint, new_loop=new_loop):
        yield endpoint


@pytest.fixture
def address(endpoint: Endpoint) -> Address:
    return Address("127.0.0.1", endpoint.port)


@pytest.fixture
def wire(address: Address) -> Iterator[Wire]:
    wire = Wire(address)
    yield wire
    wire.close()


@pytest.fixture
def make_caller(wire: Wire) -> Iterator[Callable[[], Proxy]]:
    """Make callers on the way of which ``wire`` is."""
    made: list[Proxy] = []

    def make(key: bytes | None = KEY) -> Proxy:
        made.append(Proxy(wire.address, PEER, key=key))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def caller(make_caller: Callable[[], Proxy]) -> Proxy:
    return make_caller()


def do(caller: Proxy, what: str) -> Any:
    return caller.call("do", what, timeout_s=PATIENCE_S)


def test_a_recorded_connection_cannot_be_played_again(
    caller: Proxy, wire: Wire, address: Address, server: Server
) -> None:
    assert do(caller, "stop") == "done: stop"
    with connected(address) as replay:
        for message in wire.asked[0]:
            replay.sendall(message)
        assert ends(replay)
    assert server.done == ["stop"]


def test_a_message_that_is_repeated_on_its_connection_ends_it(caller: Proxy, wire: Wire, server: Server) -> None:
    do(caller, "one")
    wire.change_asked = lambda _number, message: [message, message]
    assert do(caller, "two") == "done: two"
    with pytest.raises(Unreachable):
        do(caller, "three")
    assert server.done == ["one", "two"]


def test_a_message_from_an_earlier_place_ends_the_connection(caller: Proxy, wire: Wire, server: Server) -> None:
    for what in ("one", "two"):
        do(caller, what)
    earlier = wire.asked[0][-2]
    wire.change_asked = lambda _number, _message: [earlier]
    with pytest.raises(Unreachable):
        do(caller, "three")
    assert server.done == ["one", "two"]


def test_a_message_that_is_left_out_ends_the_connection(address: Address, server: Server) -> None:
    with RawPeer(address) as peer:
        peer.invoke("one")
        second = peer.invoke("two")
        peer.sock.sendall(second)
        assert ends(peer.sock)
    assert server.done == []


def test_messages_in_another_order_end_the_connection(address: Address, server: Server) -> None:
    with RawPeer(address) as peer:
        first, second = peer.invoke("one"), peer.invoke("two")
        peer.sock.sendall(second + first)
        assert ends(peer.sock)
    assert server.done == []


def test_a_message_of_another_connection_ends_this_one(
    make_caller: Callable[[], Proxy], wire: Wire, server: Server
) -> None:
    first, second = make_caller(), make_caller()
    do(first, "one")
    wire.change_asked = lambda number, message: [wire.asked[0][number] if number > 1 else message]
    with pytest.raises(Unreachable):
        do(second, "two")
    assert server.done == ["one"]


def test_an_answer_that_is_sent_back_as_a_call_ends_the_connection(address: Address, server: Server) -> None:
    with RawPeer(address) as peer:
        peer.sock.sendall(peer.invoke("one"))
        answer = next(peer.received)
        peer.sock.sendall(with_header(answer, kind=INVOKE))
        assert ends(peer.sock)
        assert server.done == ["one"]


def test_a_call_that_is_sent_back_as_its_answer_is_none(caller: Proxy, wire: Wire) -> None:
    do(caller, "one")
    wire.change_answered = lambda _number, _message: [with_header(wire.asked[0][-1], kind=RESULT)]
    with pytest.raises(Unreachable):
        do(caller, "two")


def test_who_sends_a_handshake_back_does_not_have_the_key(new_loop: NewLoop) -> None:
    def mirrored(number: int, _message: bytes) -> list[bytes]:
        return [mirror.asked[-1][number]]

    listening = endpoint_at(Address("127.0.0.1", 0))
    mirror = Wire(Address("127.0.0.1", listening.port))
    mirror.change_answered = mirrored
    caller = Proxy(mirror.address, PEER, key=KEY)
    with serving(listening, new_loop=new_loop):
        with pytest.raises((Forbidden, Unreachable)):
            do(caller, "anything")
        caller.close()
        mirror.close()


@pytest.mark.parametrize(
    "changes",
    [{"flags": 4}, {"flags": 1 << 5}, {"sequence": 77}, {"kind": 6}, {"serializer": 1}, {"data_size": -1}],
    ids=["one way", "an unknown flag", "sequence", "a ping", "serializer", "a byte less"],
)
def test_a_message_with_another_header_ends_its_connection(
    address: Address, server: Server, changes: dict[str, int]
) -> None:
    with RawPeer(address) as peer:
        peer.sock.sendall(peer.invoke("one"))
        next(peer.received)
        message = peer.invoke("two")
        size = head_of(message[: HEADER.size]).data_size
        if "data_size" in changes:
            changes, message = {"data_size": size - 1}, message[:-1]
        peer.sock.sendall(with_header(message, **changes))
        assert ends(peer.sock)
    assert server.done == ["one"]


@pytest.mark.parametrize("place", [-1, HEADER.size, HEADER.size + 7, 20, 21])
def test_a_message_of_which_a_byte_is_another_ends_its_connection(address: Address, server: Server, place: int) -> None:
    with RawPeer(address) as peer:
        message = bytearray(peer.invoke("one"))
        message[place] ^= 1
        peer.sock.sendall(message)
        assert ends(peer.sock)
    assert server.done == []


def test_a_message_that_is_too_large_to_be_checked_ends_its_connection(address: Address, server: Server) -> None:
    with RawPeer(address) as peer:
        message = peer.invoke("one")
        peer.sock.sendall(with_header(message, flags=2))  # compressed: it is read past
        assert ends(peer.sock)
    assert server.done == []


def test_an_annotation_that_no_tag_covers_ends_the_connection(address: Address, server: Server) -> None:
    with RawPeer(address) as peer:
        message = peer.invoke("one")
        more = b"CORR\x00\x01x"
        size = head_of(message[: HEADER.size]).annotations_size + len(more)
        changed = with_header(message, annotations_size=size)
        peer.sock.sendall(changed[: HEADER.size] + more + changed[HEADER.size :])
        assert ends(peer.sock)
    assert server.done == []


@pytest.mark.parametrize(
    "change",
    [
        lambda answers: answers[-2],
        lambda answers: with_header(answers[-1], flags=1),
        lambda answers: answers[-1][:-1] + bytes([answers[-1][-1] ^ 1]),
        lambda _answers: encode(CONNECT_FAIL, 0, 0, MSGPACK, msgpack.packb("unknown object")),
    ],
    ids=["an earlier one", "an error", "another byte", "a refused connection"],
)
def test_an_answer_that_is_changed_is_none(
    caller: Proxy, wire: Wire, server: Server, change: Callable[[list[bytes]], bytes]
) -> None:
    do(caller, "one")
    wire.change_answered = lambda _number, _message: [change(wire.answered[0])]
    with pytest.raises(Unreachable):
        do(caller, "two")
    wire.change_answered = lambda _number, message: [message]
    assert do(caller, "three") == "done: three", "on a new connection all is well"
    assert server.done == ["one", "two", "three"]


def test_a_replayed_hello_proves_nothing_and_has_to_make_room(
    caller: Proxy, wire: Wire, address: Address, endpoint: Endpoint, server: Server
) -> None:
    do(caller, "one")
    hello = wire.asked[0][0]
    with connected(address) as first:
        first.sendall(hello)
        assert next(messages(first))
        limits = endpoint._limits
        wait_until(lambda: len(limits) == 2)
        assert len(limits._half_open) == 1, "it counts as half-open until it has proven itself"
        first.sendall(hello)
        assert ends(first)
    assert server.done == ["one"]


def test_before_the_proof_no_call_and_nothing_large_is_taken(
    caller: Proxy, wire: Wire, address: Address, server: Server
) -> None:
    do(caller, "one")
    hello = wire.asked[0][0]
    for more in (wire.asked[0][2], encode(CONNECT, 0, 2, MSGPACK, bytes(1 << 14))):
        with connected(address) as stranger:
            stranger.sendall(hello + more)
            assert ends(stranger)
    assert server.done == ["one"]


def test_each_port_has_a_key_of_its_own_and_another_is_refused(make_caller: Callable[..., Proxy]) -> None:
    for key in (b"the key of another port", None):
        with pytest.raises(Forbidden):
            do(make_caller(key), "anything")


def test_servers_of_before_are_told_that_the_protocol_is_another(address: Address) -> None:
    """They signed with HMAC-SHA1 by the key alone, in an annotation of the library's."""
    signature = b"HMAC" + (20).to_bytes(2, "big") + bytes(20)
    about = msgpack.packb({"handshake": {"protocol": 2}, "object": PEER})
    message = with_header(encode(CONNECT, 0, 1, MSGPACK, about), annotations_size=len(signature))
    with connected(address) as older:
        older.sendall(message[: HEADER.size] + signature + message[HEADER.size :])
        answer = next(messages(older))
        assert head_of(answer[: HEADER.size]).kind == CONNECT_FAIL
        assert b"protocol_mismatch" in answer


def test_a_server_of_before_is_known_by_what_it_answers(wire: Wire, caller: Proxy) -> None:
    refusal = encode(CONNECT_FAIL, 0, 1, MSGPACK, msgpack.packb("message hmac mismatch"))
    wire.change_answered = lambda _number, _message: [refusal]
    with pytest.raises(ProtocolMismatch):
        do(caller, "anything")


class RawPeer:
    """A peer with the key, which sends its messages as a test wants."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._sequence = 2

    def __enter__(self) -> RawPeer:
        self._connecting = connected(self._address)
        self.sock = self._connecting.__enter__()
        self.received = messages(self.sock)
        initiator = Initiator(KEY, PEER_PROTOCOL)
        about = msgpack.packb({"handshake": {}, "object": PEER})
        self.sock.sendall(encode(CONNECT, 0, 1, MSGPACK, about, initiator.hello, HELLO_BYTES))
        welcome = frame_of(next(self.received))
        self.session = initiator.accept(token_of(welcome), welcome.header, welcome.data)
        self.sock.sendall(encode(CONNECT, 0, 2, MSGPACK, b"", initiator.proof))
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def invoke(self, what: str) -> bytes:
        """The next call, not sent yet."""
        self._sequence += 1
        call = msgpack.packb((PEER, "do", (what,), {}))
        return encode(INVOKE, 0, self._sequence, MSGPACK, call, self.session.tag)


def frame_of(message: bytes) -> Frame:
    header, rest = message[: HEADER.size], message[HEADER.size :]
    head = head_of(header)
    return Frame(*head[:4], rest[: head.annotations_size], rest[head.annotations_size :], header)
