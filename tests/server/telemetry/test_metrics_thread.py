"""The thread that tells metrics: whatever goes wrong in it, it goes on, and the server with it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator

import pytest

from server.telemetry import metrics_port
from server.telemetry.metrics import ROOMS, Reading
from server.telemetry.metrics_port import MetricsPort
from tests.conditions import wait_until
from tests.server.telemetry.scraping import Scrape, ask
from wire.rpc import Address


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_port, "RETRY_S", 0.01)


@pytest.fixture
def ending() -> Iterator[threading.Event]:
    ending = threading.Event()
    yield ending
    ending.set()


def begin(told: MetricsPort, ending: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=lambda: told.run(lambda: not ending.is_set(), ending.wait))
    thread.start()
    return thread


def free_address() -> Address:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return Address("127.0.0.1", found.getsockname()[1])


def rooms(address: Address) -> float | None:
    """What is told of rooms; None while nothing is."""
    try:
        status, _, body = ask(address)
    except OSError:
        return None
    assert status == 200
    return Scrape(body.decode()).value("tictactoe_rooms")


def test_without_a_port_nothing_is_told() -> None:
    def never(*_: object) -> bool:
        raise AssertionError("there is nothing to do")

    MetricsPort(Address("127.0.0.1", 0)).run(never, never)


def test_all_sources_are_told_as_they_are_when_somebody_asks(ending: threading.Event) -> None:
    count = [3]
    address = free_address()
    told = MetricsPort(address)
    told.include(lambda: [Reading(ROOMS, count[0])])
    thread = begin(told, ending)
    wait_until(lambda: rooms(address) == 3)
    count[0] = 4
    wait_until(lambda: rooms(address) == 4)
    ending.set()
    thread.join()
    assert rooms(address) is None, "closed"


def test_a_source_that_fails_costs_one_answer(ending: threading.Event, capsys: pytest.CaptureFixture[str]) -> None:
    failing = [True]

    def source() -> Iterable[Reading]:
        if failing[0]:
            raise ValueError("a source that is broken")
        yield Reading(ROOMS, 1)

    address = free_address()
    told = MetricsPort(address)
    told.include(source)
    thread = begin(told, ending)
    said = []
    wait_until(lambda: rooms(address) is None and (said.append(capsys.readouterr().out) or "broken" in "".join(said)))
    failing[0] = False
    wait_until(lambda: rooms(address) == 1)
    ending.set()
    thread.join()


def test_a_taken_port_is_said_once_and_tried_again(ending: threading.Event, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address("127.0.0.1", taken.getsockname()[1])
        told = MetricsPort(address)
        told.include(lambda: [Reading(ROOMS, 1)])
        thread = begin(told, ending)
        said: list[str] = []
        wait_until(lambda: said.append(capsys.readouterr().out) or "not opened" in "".join(said))
    wait_until(lambda: rooms(address) == 1)
    ending.set()
    thread.join()
    assert "".join([*said, capsys.readouterr().out]).count("not opened") == 1
