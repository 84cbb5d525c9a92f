"""Ports that are cut off by proxies, where there is no network of one's own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.settings import Settings
from tests.conditions import PATIENCE_S
from verify.testbed.local_cluster import sandbox_settings
from verify.testbed.tcp_proxy import BEHIND, HOST, TcpProxies, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
SHORT_S = 0.3
LONG_S = PATIENCE_S


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return sandbox_settings(tmp_path)


@pytest.fixture
def detours(settings: Settings) -> Iterator[TcpProxies]:
    with TcpProxies() as detours:
        detours.listen(settings)
        yield detours


def connect(port: int) -> tuple[socket.socket, socket.socket]:
    with socket.create_server((BEHIND, port)) as listener:
        ours = socket.create_connection((HOST, port))
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


def test_a_port_is_cut_in_the_direction_that_is_said_until_every_cut_is_mended(
    settings: Settings, detours: TcpProxies
) -> None:
    port = settings.main_port
    ours, theirs = connect(port)
    with ours, theirs:
        assert carries(ours, theirs, within_s=LONG_S)
        assert carries(theirs, ours, within_s=LONG_S)
        assert detours.cut(port, "in")
        assert detours.cut(port, "both")
        assert not carries(ours, theirs, within_s=SHORT_S)
        assert not carries(theirs, ours, within_s=SHORT_S)
        detours.mend(port, "both")
        assert not carries(ours, theirs, within_s=SHORT_S)
        assert arrives(ours, within_s=LONG_S) == b"?"
        detours.mend(port, "in")
        assert [arrives(theirs, within_s=LONG_S), arrives(theirs, within_s=LONG_S)] == [b"?", b"?"]


def test_the_other_ports_are_not_cut(settings: Settings, detours: TcpProxies) -> None:
    ours, theirs = connect(settings.main_port)
    with ours, theirs:
        detours.cut(settings.replication_port, "both")
        assert carries(ours, theirs, within_s=LONG_S)


def test_the_end_of_a_connection_is_carried_on_but_not_through_a_cut(settings: Settings, detours: TcpProxies) -> None:
    ours, theirs = connect(settings.main_port)
    with ours:
        detours.cut(settings.main_port, "out")
        theirs.close()
        assert arrives(ours, within_s=SHORT_S) is None
        detours.mend(settings.main_port, "out")
        assert arrives(ours, within_s=LONG_S) == b""


@pytest.mark.usefixtures("detours")
def test_where_nobody_listens_the_connection_ends(settings: Settings) -> None:
    with socket.create_connection((HOST, settings.main_port)) as ours:
        assert arrives(ours, within_s=LONG_S) == b""


def test_a_port_without_a_proxy_cannot_be_cut(settings: Settings, detours: TcpProxies) -> None:
    assert not detours.cut(settings.name_server_port, "both")
