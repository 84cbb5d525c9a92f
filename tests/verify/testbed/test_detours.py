"""Ports, and the socket of the replica link, that are cut off by proxies."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.settings import ROOT, Settings
from tests.conditions import PATIENCE_S
from verify.testbed.detours import HOST, REPLICA_LINK, Detours, Listener
from verify.testbed.local_cluster import sandbox_settings

SHORT_S = 0.3
LONG_S = PATIENCE_S
CONNECT = """
import socket, sys
socket.create_connection(("127.0.0.1", int(sys.argv[1]))).sendall(b"?")
"""
LISTEN = """
import sys
from pathlib import Path
from server.replication.link.place import LinkPlace
listening = LinkPlace(Path(sys.argv[1])).listen()
listening.setblocking(True)
print("listens", flush=True)
connection, _ = listening.accept()
print(connection.recv(1).decode(), flush=True)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return sandbox_settings(tmp_path / "data")


@pytest.fixture
def detours(settings: Settings, tmp_path: Path) -> Iterator[Detours]:
    with Detours(tmp_path) as detours:
        detours.listen(settings)
        yield detours


def proxies(detours: Detours) -> dict[str, str]:
    return dict(line.split() for line in Path(detours.environment["DETOURS"]).read_text().splitlines())


def connect(detours: Detours, where: Listener) -> tuple[socket.socket, socket.socket]:
    if where == REPLICA_LINK:
        address = proxies(detours)[f"{REPLICA_LINK}.new"]
        listener, ours = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen()
        ours.connect(f"{address}.proxy")
    else:
        listener = socket.create_server((HOST, int(where)))
        ours = socket.create_connection((HOST, int(proxies(detours)[str(where)])))
    with listener:
        listener.settimeout(LONG_S)
        theirs, _ = listener.accept()
    return ours, theirs


def carries(one: socket.socket, other: socket.socket, *, within_s: float) -> bool:
    one.sendall(b"?")
    return arrives(other, within_s=within_s) == b"?"


def arrives(there: socket.socket, *, within_s: float) -> bytes | None:
    there.settimeout(within_s)
    try:
        return there.recv(1)
    except TimeoutError:
        return None


@pytest.fixture(params=["main_port", "name_server_port", "the link"])
def where(request: pytest.FixtureRequest, settings: Settings) -> Listener:
    return getattr(settings, request.param, REPLICA_LINK)


def test_a_listener_is_cut_in_the_direction_that_is_said_until_every_cut_is_mended(
    detours: Detours, where: Listener
) -> None:
    ours, theirs = connect(detours, where)
    with ours, theirs:
        assert carries(ours, theirs, within_s=LONG_S)
        assert carries(theirs, ours, within_s=LONG_S)
        detours.cut([where], "in")
        detours.cut([where], "both")
        assert not carries(ours, theirs, within_s=SHORT_S)
        assert not carries(theirs, ours, within_s=SHORT_S)
        detours.mend([where], "both")
        assert not carries(ours, theirs, within_s=SHORT_S)
        assert arrives(ours, within_s=LONG_S) == b"?"
        detours.mend([where], "in")
        assert [arrives(theirs, within_s=LONG_S), arrives(theirs, within_s=LONG_S)] == [b"?", b"?"]


def test_the_others_are_not_cut(settings: Settings, detours: Detours) -> None:
    ours, theirs = connect(detours, settings.main_port)
    with ours, theirs:
        detours.cut([settings.replication_port, REPLICA_LINK], "both")
        assert carries(ours, theirs, within_s=LONG_S)


def test_the_end_of_a_connection_is_carried_on_but_not_through_a_cut(settings: Settings, detours: Detours) -> None:
    ours, theirs = connect(detours, settings.main_port)
    with ours:
        detours.cut([settings.main_port], "out")
        theirs.close()
        assert arrives(ours, within_s=SHORT_S) is None
        detours.mend([settings.main_port], "out")
        assert arrives(ours, within_s=LONG_S) == b""


def test_where_nobody_listens_the_connection_ends(settings: Settings, detours: Detours) -> None:
    with socket.create_connection((HOST, int(proxies(detours)[str(settings.main_port)]))) as ours:
        assert arrives(ours, within_s=LONG_S) == b""


def test_another_process_is_led_to_the_proxy_of_a_port(settings: Settings, detours: Detours) -> None:
    """It does not get to the listener while that is cut off."""
    with socket.create_server((HOST, settings.main_port)) as listener:
        detours.cut([settings.main_port], "in")
        run(detours, CONNECT, str(settings.main_port)).communicate()
        listener.settimeout(SHORT_S)
        with pytest.raises(TimeoutError):
            listener.accept()
        detours.mend([settings.main_port], "in")
        listener.settimeout(LONG_S)
        theirs, _ = listener.accept()
        with theirs:
            assert arrives(theirs, within_s=LONG_S) == b"?"


def test_another_process_is_led_nowhere_else_by_other_ports(detours: Detours) -> None:
    with socket.create_server((HOST, 0)) as listener:
        run(detours, CONNECT, str(listener.getsockname()[1])).communicate()
        listener.settimeout(LONG_S)
        theirs, _ = listener.accept()
        with theirs:
            assert arrives(theirs, within_s=LONG_S) == b"?"


def test_the_proxy_of_the_link_is_where_another_process_listens_and_again_where_the_next_one_does(
    settings: Settings, detours: Detours
) -> None:
    folder = settings.data / "run"
    for _ in range(2):
        process = run(detours, LISTEN, str(folder))
        assert process.stdout is not None
        assert process.stdout.readline() == "listens\n"
        detours.cut([REPLICA_LINK], "in")
        with socket.socket(socket.AF_UNIX) as ours:
            ours.connect(str(folder / REPLICA_LINK))
            ours.sendall(b"?")
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(SHORT_S)
            detours.mend([REPLICA_LINK], "in")
            assert process.communicate(timeout=LONG_S)[0] == "?\n"


def run(detours: Detours, script: str, argument: str) -> subprocess.Popen[str]:
    environment = {**os.environ, **detours.environment}
    return subprocess.Popen(
        [sys.executable, "-c", script, argument], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
