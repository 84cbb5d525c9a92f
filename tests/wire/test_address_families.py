"""Addresses of both families: written and read alike, listened on, and counted by host."""

from __future__ import annotations

import socket

import pytest

from tests.wire.serving import endpoint_at
from wire.addresses import Address, counted_host, listen, parse
from wire.errors import TicTacToeError
from wire.rpc.proxy import Proxy


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("localhost", ("localhost", 1337)),
        ("games.example.org:80", ("games.example.org", 80)),
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("::1", ("::1", 1337)),
        ("2001:db8::7", ("2001:db8::7", 1337)),
        ("[::1]", ("::1", 1337)),
        ("[2001:db8::7]:80", ("2001:db8::7", 80)),
    ],
)
def test_an_address_is_read_as_it_is_written(text: str, address: tuple[str, int]) -> None:
    read = parse(text, 1337)
    assert read == address
    assert parse(str(read), 1) == read


@pytest.mark.parametrize(
    "text",
    ["", ":", "a:", ":80", "a:b", "a:80:90", "a:0", "a:65536", "a:123456", "a:\uff11", "1:2:3", "fe80::1%eth0"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # there is one reason alone
        parse(text, 1337)


@pytest.mark.parametrize("text", ["[::1", "::1]", "[]", "[a]:80", "[::1]:", "[127.0.0.1]", "[::1]80"])
def test_brackets_are_for_ipv6_alone(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # there is one reason alone
        parse(text, 1337)


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_the_addresses_of_one_subscriber_count_as_one_host(host: str, counted: str) -> None:
    assert counted_host(host) == counted


class Greeting:
    """Nothing but the library's own methods is called on it."""


@needs_ipv6
@pytest.mark.parametrize(
    ("bind", "callers"), [("::1", ["::1"]), ("::", ["::1", "127.0.0.1"]), ("127.0.0.1", ["127.0.0.1"])]
)
def test_an_endpoint_listens_where_it_is_told(bind: str, callers: list[str]) -> None:
    with listen(Address(bind, 0), backlog=5) as listening:
        port = listening.getsockname()[1]
        for caller in callers:
            socket.create_connection((caller, port), timeout=10).close()
            sock, _ = listening.accept()
            sock.close()
    endpoint = endpoint_at(Address(bind, 0))
    assert endpoint.port > 0
    endpoint.close()


@needs_ipv6
def test_nobody_there_is_said_with_the_address_in_brackets() -> None:
    with listen(Address("::1", 0), backlog=1) as taken:
        port = taken.getsockname()[1]
    remote = Proxy(Address("::1", port), "nothing")
    with pytest.raises(TicTacToeError, match=rf"\[::1\]:{port}"):
        remote.call("ping", timeout_s=5.0)
