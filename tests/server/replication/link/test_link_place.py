"""Where the link is: in a short or a long path, on a port where there are no Unix sockets, and after a crash."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.replication.link import place
from server.replication.link.place import PORT, SOCKET, LinkPlace
from tests.server.replication.link.ends import LOOPS, Ends
from wire.errors import StorageFailed, Unreachable

Make = Callable[[Path], Ends]


@pytest.fixture(params=LOOPS)
def make_ends(request: pytest.FixtureRequest) -> Iterator[Make]:
    made: list[Ends] = []

    def make(folder: Path) -> Ends:
        made.append(Ends(request.param, folder))
        return made[-1]

    yield make
    for ends in made:
        ends.close()


@pytest.fixture
def long_folder(tmp_path: Path) -> Path:
    return tmp_path / ("a" * 100) / "ä" / "run"


def talks(ends: Ends) -> bool:
    assert not ends.place.is_open()
    ends.server.listen()
    assert ends.place.is_open()
    return bool(ends.result(ends.link().call("forget", ("one",))) == "done: one")


def test_a_path_longer_than_the_address_of_a_socket_makes_it_a_port(make_ends: Make, long_folder: Path) -> None:
    assert talks(make_ends(long_folder))
    assert [one.name for one in long_folder.iterdir()] == [PORT]


@pytest.fixture
def no_unix_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_HAS_UNIX_SOCKETS", False)


@pytest.mark.usefixtures("no_unix_sockets")
def test_without_unix_sockets_the_link_is_a_port_of_this_machine(make_ends: Make, tmp_path: Path) -> None:
    ends = make_ends(tmp_path)
    assert talks(ends)
    file = tmp_path / PORT
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [PORT]
    ends.close_server()
    with pytest.raises(Unreachable):
        ends.result(ends.link().call("forget", ("two",)))
    ends.server = ends.make_server()
    assert talks(ends)


@pytest.mark.usefixtures("no_unix_sockets")
@pytest.mark.parametrize("content", ["", "x", "-1", "99999999", "1 2", "0"])
def test_a_file_without_a_port_makes_the_replica_unreachable(make_ends: Make, tmp_path: Path, content: str) -> None:
    ends = make_ends(tmp_path)
    (tmp_path / PORT).write_text(content)
    with pytest.raises(Unreachable):
        ends.result(ends.link().call("forget", ("one",)))


def test_a_socket_file_of_an_earlier_process_is_replaced(make_ends: Make, tmp_path: Path) -> None:
    for leftover in (SOCKET, f"{SOCKET}.new"):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(tmp_path / leftover))
    ends = make_ends(tmp_path)
    with pytest.raises(Unreachable):
        ends.result(ends.link().call("forget", ("one",)))
    assert talks(ends)
    assert [one.name for one in tmp_path.iterdir()] == [SOCKET]


def test_a_file_where_the_socket_belongs_makes_the_replica_unreachable(make_ends: Make, tmp_path: Path) -> None:
    ends = make_ends(tmp_path)
    (tmp_path / SOCKET).write_text("")
    with pytest.raises(Unreachable):
        ends.result(ends.link().call("forget", ("one",)))
    assert talks(ends)


def test_a_folder_that_cannot_be_written_is_a_failure_of_the_storage(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(StorageFailed, match="the replica link cannot be opened"):
        LinkPlace(tmp_path / "run").listen()
