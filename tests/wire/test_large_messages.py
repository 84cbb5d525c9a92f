"""How large a message may be: between servers a whole room goes in one, whatever is set for clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.log.entries import LONGEST_BODY
from tests.wire.serving import NewLoop, endpoint_at, serving
from wire.arguments import remote, text
from wire.errors import TooLarge
from wire.message_reader import LARGEST_OF_SERVERS
from wire.rpc import Address, Proxy

KEY = b"k" * 32
LARGE = "x" * 3_000_000
"""More than clients get, which is 1 MB here."""
WAIT_S = 60.0


class Server:
    """Has one method, which returns what it is given."""

    @remote(what=text(longest=LONGEST_BODY))
    def back(self, what: str) -> str:
        """Give it back."""
        return what


@pytest.fixture(params=[KEY, None], ids=["servers", "clients"])
def caller(request: pytest.FixtureRequest, new_loop: NewLoop) -> Iterator[tuple[Proxy, bool]]:
    """Who calls an endpoint of their kind, and whether that is a server."""
    endpoint = endpoint_at(Address("127.0.0.1", 0), key=request.param)
    endpoint.offer("server", Server())
    remote_object = Proxy(Address("127.0.0.1", endpoint.port), "server", key=request.param)
    with serving(endpoint, new_loop=new_loop):
        yield remote_object, request.param is not None
        remote_object.close()


def test_what_is_too_large_for_clients_goes_between_servers(caller: tuple[Proxy, bool]) -> None:
    called, is_server = caller
    if is_server:
        assert called.call("back", LARGE, timeout_s=WAIT_S) == LARGE
    else:
        with pytest.raises(TooLarge):
            called.call("back", LARGE, timeout_s=WAIT_S)
    assert called.call("back", "small", timeout_s=WAIT_S) == "small"


def test_the_longest_body_of_a_row_fits_whatever_its_letters_are() -> None:
    assert LONGEST_BODY * len("\N{SMILING FACE WITH OPEN MOUTH}".encode()) < LARGEST_OF_SERVERS
