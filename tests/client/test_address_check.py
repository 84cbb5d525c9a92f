"""An address at which no cluster is found: each thing that may answer there has a sentence of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from client import connect
from game.errors import InvalidArgument
from server.control.cluster import ClusterControl
from server.settings import ROOT
from tests.conditions import wait_until
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.errors import DeadlineExceeded, TicTacToeError, WrongAddress

ROLES = (MAIN, COMMUNICATION, REPLICATION)
_FOREIGN = """
import Pyro4
daemon = Pyro4.Daemon(host="127.0.0.1")
print(daemon.locationStr, flush=True)
daemon.requestLoop()
"""


def refused(server: str, *, deadline_s: float = 0.3) -> TicTacToeError:
    with pytest.raises(TicTacToeError) as raised:
        connect(server, deadline_s=deadline_s).close()
    return raised.value


@pytest.mark.parametrize("role", ROLES)
def test_the_port_of_another_server_of_the_cluster(shared_cluster: ClusterControl, role: str) -> None:
    address = str(shared_cluster.settings.public_address_of(role))
    error = refused(address)
    assert isinstance(error, WrongAddress)
    assert error.message == (
        f"{address} is not the address of a name server: the {role.replace('_', ' ')} of a cluster answers there; "
        "give host:port of the name server; its port is usually 1337"
    )


@pytest.mark.parametrize("role", ROLES)
def test_a_port_for_servers_alone(shared_cluster: ClusterControl, role: str) -> None:
    error = refused(str(shared_cluster.settings.peer_address_of(role)))
    assert isinstance(error, WrongAddress)
    assert "this port is only for calls between the servers of a cluster" in error.message


def test_a_port_of_metrics_and_any_other_web_server(shared_cluster: ClusterControl) -> None:
    with _web_server() as address:
        metrics = shared_cluster.settings.main_metrics_port
        wait_until(lambda: _accepts("127.0.0.1", metrics))
        for server in (address, f"127.0.0.1:{metrics}"):
            error = refused(server)
            assert isinstance(error, WrongAddress)
            assert "a web server answers there" in error.message


def test_another_program_that_speaks_first() -> None:
    with _listener(lambda taken: taken.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as address:
        assert "another program answers there" in refused(address).message


def test_a_port_that_is_silent_or_closes_every_connection_may_still_become_a_name_server() -> None:
    with _listener(lambda _: None) as address:
        error = refused(address)
        assert isinstance(error, DeadlineExceeded)
        assert error.message == (
            f"no cluster answers at {address}: "
            "something accepts connections there and does not answer (tried for 0.3 s)"
        )
    with _listener(socket.socket.close) as address:
        assert "something closes every connection there" in refused(address).message


def test_a_closed_port() -> None:
    error = refused("127.0.0.1:1")
    assert isinstance(error, DeadlineExceeded)
    assert error.message == "no cluster answers at 127.0.0.1:1: nothing listens there (tried for 0.3 s)"


@pytest.mark.parametrize("host", ["no host", "a" * 70, "a..b"])
def test_a_host_that_there_is_not(host: str) -> None:
    error = refused(f"{host}:1337")
    assert isinstance(error, WrongAddress)
    assert "there is no host of that name" in error.message


def test_what_is_no_address_is_refused_with_what_is_one() -> None:
    error = refused("http://localhost:1337")
    assert isinstance(error, InvalidArgument)
    assert "host:port" in error.message


def test_the_name_server_of_another_project_knows_no_cluster() -> None:
    with _started("-m", "Pyro4.naming", "-n", "127.0.0.1", "-p", "0") as address:
        assert "the name server there has no entry for one" in refused(address).message


def test_an_object_server_of_another_project() -> None:
    with _started("-c", _FOREIGN) as address:
        assert "another Pyro server answers there" in refused(address).message


def test_a_cluster_that_is_gone_but_for_its_name_server(cluster: ClusterControl) -> None:
    for role in (REPLICATION, MAIN, COMMUNICATION):
        run = cluster.process_of(role)
        assert run is not None
        os.kill(run.pid, signal.SIGSTOP)
    error = refused(cluster.name_server)
    assert "has a cluster, and its communication server does not answer" in error.message


def test_of_several_the_reason_is_given_that_trying_again_may_mend(shared_cluster: ClusterControl) -> None:
    wrong = str(shared_cluster.settings.public_address_of(MAIN))
    with pytest.raises(DeadlineExceeded, match="nothing listens there"):
        connect(["127.0.0.1:1", wrong], deadline_s=0.3)
    with connect([wrong, shared_cluster.name_server]) as connection:
        assert connection.ask("describe")["role"] == COMMUNICATION


def test_the_command_line_has_it_as_one_line(shared_cluster: ClusterControl) -> None:
    address = str(shared_cluster.settings.public_address_of(MAIN))
    command = [sys.executable, "tictactoe.py", "bot", "new", "--server", address]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert "the main server of a cluster answers there" in " ".join(said.stderr.split())
    assert "Traceback" not in said.stderr


@contextlib.contextmanager
def _listener(then: Callable[[socket.socket], None]) -> Iterator[str]:
    """A port that accepts every connection and does that with it."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    taken.append(listening.accept()[0])
                    then(taken[-1])

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    for one in taken:
        one.close()


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the log of a test is for the tests."""


@contextlib.contextmanager
def _web_server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def _started(*arguments: str) -> Iterator[str]:
    """A program that writes its "host:port" as the end of a line."""
    process = subprocess.Popen(
        [sys.executable, "-u", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        found = ""
        for line in process.stdout:
            found = line.strip().rpartition("@")[2]
            if ":" in found and found.rpartition(":")[2].isdigit():
                break
        host, _, port = found.rpartition(":")
        wait_until(lambda: _accepts(host, int(port)))
        yield found
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _accepts(host: str, port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection((host, port), 1.0).close()
        return True
    return False
