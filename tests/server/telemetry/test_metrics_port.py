"""The port that tells metrics: HTTP as Prometheus speaks it, and limits for everybody else."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from server.telemetry import metrics_port
from server.telemetry.metrics_port import LARGEST_REQUEST, MOST_CONNECTIONS, HttpPort
from tests.conditions import wait_until
from tests.server.telemetry.scraping import ask
from wire.rpc import Address

TEXT = b"figures 1\n" * 100_000
GET = b"GET /metrics HTTP/1.1\r\n\r\n"


class Served:
    """A port, and how often what it tells was made."""

    def __init__(self, port: HttpPort) -> None:
        self.address = port.address
        self.made = 0


@pytest.fixture
def served() -> Iterator[Served]:
    ending = threading.Event()

    def make_text() -> bytes:
        served.made += 1
        return TEXT

    port = HttpPort(Address("127.0.0.1", 0), make_text)
    served = Served(port)
    thread = threading.Thread(target=lambda: port.serve(lambda: not ending.is_set(), ending.wait))
    thread.start()
    yield served
    ending.set()
    thread.join()
    port.close()


def said(address: Address, request: bytes) -> bytes:
    """All that comes back."""
    with socket.create_connection(address, 5.0) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(1 << 16):
            answer += piece
        return answer


def test_whoever_asks_is_told(served: Served) -> None:
    status, headers, body = ask(served.address)
    assert (status, body) == (200, TEXT)
    assert headers["Content-Length"] == str(len(TEXT))
    assert ask(served.address, "/metrics?name[]=x")[0] == 200


def test_a_head_is_the_same_without_the_text(served: Served) -> None:
    status, headers, body = ask(served.address, method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(len(TEXT)), b"")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"404"),
        (b"GET /metrics/../../etc/passwd HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 99999\r\n\r\n", b"405"),
        (b"GET /metrics\r\n\r\n", b"400"),
        (b"\x00\xff\r\n\r\n", b"400"),
        (b"GET /metrics HTTP/2\r\n\r\n", b"400"),
        (b"GET /metrics HTTP/1.1\nHost: x\n\n", b"200"),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"a" * LARGEST_REQUEST + b"\r\n\r\n", b"431"),
        (GET * 20, b"200"),
    ],
)
def test_what_is_asked_is_answered_once_and_not_repeated(served: Served, request_: bytes, status: bytes) -> None:
    answer = said(served.address, request_)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.count(b"HTTP/1.1") == 1
    assert b"passwd" not in answer


def test_who_says_nothing_is_in_nobodys_way(served: Served) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS):
            stack.enter_context(socket.create_connection(served.address, 5.0))
        assert said(served.address, GET).endswith(TEXT), "the one that has been there longest has to go"


def test_however_many_connect_there_are_few_threads(served: Served) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(2 * MOST_CONNECTIONS):
            stack.enter_context(socket.create_connection(served.address, 5.0))
        assert said(served.address, GET).endswith(TEXT)
        assert sum(thread.name == "metrics request" for thread in threading.enumerate()) <= MOST_CONNECTIONS


def test_who_is_slow_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_port, "REQUEST_S", 0.1)
    with socket.create_connection(served.address, 5.0) as connection:
        connection.sendall(GET[:-2])
        assert connection.recv(1) == b"", "closed, without an answer"


def test_who_breaks_off_while_it_is_told_ends_nothing(served: Served) -> None:
    for _ in range(5):
        with socket.create_connection(served.address, 5.0) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(GET)
            connection.recv(1)
    assert said(served.address, GET).endswith(TEXT)


def test_however_many_ask_it_is_made_once_in_a_while(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_port, "FRESH_S", 60.0)
    for _ in range(20):
        said(served.address, GET)
    assert served.made == 1


def test_a_taken_port_is_an_error(served: Served) -> None:
    with pytest.raises(OSError, match="in use"):
        HttpPort(served.address, lambda: b"")


def test_what_cannot_be_made_is_for_whoever_serves(served: Served) -> None:
    def make_text() -> bytes:
        raise ValueError("broken")

    port = HttpPort(Address("127.0.0.1", 0), make_text)
    failed: list[BaseException] = []

    def serve(go_on: Callable[[], bool]) -> None:
        try:
            port.serve(go_on, lambda _s: None)
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=serve, args=(lambda: True,))
    thread.start()
    with socket.create_connection(port.address, 5.0) as connection:
        connection.sendall(GET)
        wait_until(lambda: failed)
    thread.join()
    port.close()
    assert served.made == 0
