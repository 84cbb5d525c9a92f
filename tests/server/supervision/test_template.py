"""The template process: what it forks is like a server that was started by hand, and it is never in the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from server.settings import ROOT, Settings
from server.supervision import processes, template_client, template_socket
from server.supervision.processes import TEMPLATE
from server.supervision.run_directory import RunDirectory
from server.supervision.run_file import RunFile
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import MakeCluster
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION, rpc
from wire.errors import Unreachable

Start = Callable[..., RunFile]


@pytest.fixture
def template(settings: Settings) -> RunFile:
    """A template process that answers."""
    return start_template(settings)


@pytest.fixture(autouse=True)
def _ends(settings: Settings) -> Iterator[None]:
    """End what a test has started."""
    yield
    processes.kill_all(settings)


@pytest.fixture(params=["fork", "spare"])
def fork(settings: Settings, template: RunFile, request: pytest.FixtureRequest) -> Start:
    """Let the template fork a server: at once, or before that as a spare."""

    def start(role: str, **changes: object) -> RunFile:
        if request.param == "spare":
            wait_until(lambda: is_spare_ready(settings, template), what="a spare")
        forked = template_client.fork(role, replace(settings, **changes))  # type: ignore[arg-type]
        assert forked is not None
        return forked

    return start


def start_template(settings: Settings) -> RunFile:
    template = template_client.start(TEMPLATE, settings)
    wait_until(lambda: answers(settings), what="the template answers")
    return template


def is_spare_ready(settings: Settings, template: RunFile) -> bool:
    """Whether the template has a spare that waits: it has used all the time that it needs."""
    spares = [run for run in processes.find_runs(settings, TEMPLATE) if run.pid != template.pid]
    return any(psutil.Process(run.pid).status() == psutil.STATUS_SLEEPING for run in spares)


def answers(settings: Settings) -> bool:
    try:
        template_socket.connect(settings, PATIENCE_S).close()
    except Unreachable:
        return False
    return True


def runs(settings: Settings, run: RunFile) -> bool:
    return RunDirectory(settings).read(run.role) == run


def log_of(settings: Settings, role: str) -> str:
    return "".join(file.read_text() for file in (settings.data / "logs").glob(f"{role}-*.log"))


# -- what is forked -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [REPLICATION, NAME_SERVER])
def test_a_forked_server_is_found_by_its_own_command_and_ends_no_session_of_its_starter(
    settings: Settings, template: RunFile, fork: Start, role: str
) -> None:
    server, command = psutil.Process(fork(role).pid), processes.command_of(role, settings)
    assert [word for word in server.cmdline() if word] == command
    assert server.name() == Path(command[0]).name
    assert server.ppid() == template.pid
    assert os.getsid(server.pid) == server.pid
    assert [run.pid for run in processes.find_runs(settings, role)] == [server.pid]
    assert template.pid in [run.pid for run in processes.find_runs(settings, TEMPLATE)]


def test_a_forked_server_shares_no_file_with_the_template_or_with_other_servers(
    settings: Settings, template: RunFile, fork: Start
) -> None:
    with template_client.connect(settings, PATIENCE_S):  # as another supervisor has it
        servers = [fork(role) for role in (MAIN, REPLICATION)]
        wait_until(lambda: all(runs(settings, server) for server in servers))
        opened = [sockets_and_logs(pid) for pid in (template.pid, *(server.pid for server in servers))]
    assert all(opened)
    assert not opened[0] & opened[1]
    assert not opened[0] & opened[2]
    assert not opened[1] & opened[2]


def sockets_and_logs(pid: int) -> set[str]:
    files = []
    for number in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
        with suppress(FileNotFoundError):  # closed meanwhile
            files.append(os.readlink(f"/proc/{pid}/fd/{number}"))  # noqa: PTH115
    return {file for file in files if file.startswith("socket:") or file.endswith(".log")}


def test_a_forked_server_handles_signals_as_one_that_was_started(settings: Settings, fork: Start) -> None:
    direct = processes.start(MAIN, settings)
    forked = fork(REPLICATION)
    wait_until(lambda: "listening" in log_of(settings, REPLICATION))  # so it has set its handlers
    wait_until(lambda: signals_of(forked.pid) == signals_of(direct.pid))
    os.kill(forked.pid, signal.SIGTERM)
    wait_until(lambda: not forked.alive)
    assert "server ended" in log_of(settings, REPLICATION), "in good order"


def signals_of(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return [line for line in lines if line.startswith(("SigBlk", "SigIgn", "SigCgt"))]


def test_a_forked_server_has_the_settings_of_its_starter_and_its_own_log(settings: Settings, fork: Start) -> None:
    fork(REPLICATION, log_format="json")
    wait_until(lambda: "listening" in log_of(settings, REPLICATION))
    first = json.loads(log_of(settings, REPLICATION).splitlines()[0])
    assert first["role"] == REPLICATION
    assert REPLICATION not in log_of(settings, TEMPLATE)


def test_a_forked_name_server_is_the_stock_one(settings: Settings, fork: Start) -> None:
    """It reads what ours refuses, and its errors are the library's own."""
    fork(NAME_SERVER)
    wait_until(lambda: rpc.name_server_answers(settings.name_server, timeout_s=PATIENCE_S))
    program = f"""
import Pyro4, Pyro4.errors
Pyro4.config.MAX_RETRIES = 0
for Pyro4.config.SERIALIZER in ("serpent", "json"):
    with Pyro4.Proxy("PYRO:Pyro.NameServer@{settings.name_server}") as proxy:
        proxy.register("one", "PYRO:one@there:1", metadata=["a"])
        print(list(proxy.lookup("one", True))[1])
        try:
            proxy.lookup("two")
        except Pyro4.errors.NamingError as error:
            print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['a']", "unknown name: two"] * 2


def test_nothing_that_a_fork_must_not_share_is_in_the_template() -> None:
    """No thread, connection, database, event loop or random sequence; Python seeds its own sequence at a fork."""
    program = f"""
import asyncio, gc, random, socket, sqlite3, sys, tempfile, threading
sys.path.insert(0, {str(ROOT)!r})
from server import template
template.late_imports.import_all()
shared = (threading.Thread, socket.socket, sqlite3.Connection, asyncio.AbstractEventLoop)
found = [one for one in gc.get_objects() if isinstance(one, shared) or type(one) is random.Random]
may_be = (threading.main_thread(), random._inst, getattr(tempfile._name_sequence, "_rng", None))  # it compares pids
print([one for one in found if one not in may_be])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_a_spare_becomes_the_next_server_and_another_one_is_forked(settings: Settings, template: RunFile) -> None:
    with template_client.connect(settings, PATIENCE_S):
        for role in (REPLICATION, MAIN):
            wait_until(lambda: is_spare_ready(settings, template))
            spares = {run.pid for run in processes.find_runs(settings, TEMPLATE)}
            server = template_client.fork(role, settings)
            assert server is not None
            assert server.pid in spares - {template.pid}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_spare_that_died_or_hangs_holds_up_nothing(
    settings: Settings, template: RunFile, number: signal.Signals
) -> None:
    with template_client.connect(settings, PATIENCE_S):
        wait_until(lambda: is_spare_ready(settings, template))
        (spare,) = {run.pid for run in processes.find_runs(settings, TEMPLATE)} - {template.pid}
        os.kill(spare, number)
        wait_until(lambda: template_client.fork(REPLICATION, settings), what="at the latest by the second try")


def test_a_spare_ends_with_its_template(settings: Settings, template: RunFile) -> None:
    with template_client.connect(settings, PATIENCE_S):
        wait_until(lambda: is_spare_ready(settings, template))
        os.kill(template.pid, signal.SIGKILL)
        wait_until(lambda: processes.find_runs(settings, TEMPLATE) == [])


# -- how its end is noticed -----------------------------------------------------------------------------------------


def test_a_second_server_of_a_role_ends(settings: Settings, fork: Start) -> None:
    first = fork(REPLICATION)
    wait_until(lambda: runs(settings, first))
    second = fork(REPLICATION)
    wait_until(lambda: not second.alive)
    assert runs(settings, first)
    assert first.alive


def test_the_end_of_a_server_that_cannot_start_is_noticed(settings: Settings, fork: Start) -> None:
    with socket.create_server(("127.0.0.1", settings.replication_peer_port)):
        server = fork(REPLICATION)
        wait_until(lambda: not server.alive)


@pytest.mark.parametrize("template_dies", [False, True])
def test_the_death_of_a_forked_server_is_noticed_and_it_leaves_no_zombie(
    fork: Start, template: RunFile, *, template_dies: bool
) -> None:
    server = fork(COMMUNICATION)
    if template_dies:
        assert processes.kill(template)
    assert server.alive
    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not server.alive)
    wait_until(lambda: not psutil.pid_exists(server.pid))


def test_a_server_whose_starter_has_given_up_is_not_begun(settings: Settings, template: RunFile) -> None:
    os.kill(template.pid, signal.SIGSTOP)
    assert template_client.fork(REPLICATION, settings) is None, "it does not answer, so the server is started directly"
    os.kill(template.pid, signal.SIGCONT)
    after = template_client.fork(MAIN, settings) or pytest.fail("it answers again")
    wait_until(lambda: runs(settings, after))
    assert processes.find_runs(settings, REPLICATION) == []
    assert log_of(settings, REPLICATION) == ""


# -- one for a data folder, and none for ever -------------------------------------------------------------------------


def test_a_second_template_of_a_data_folder_is_not_started(settings: Settings, template: RunFile) -> None:
    with pytest.raises(OSError, match="in use"):
        processes.start(TEMPLATE, settings)
    assert template.alive


def test_a_template_is_found_by_its_run_file_whoever_started_it(settings: Settings, template: RunFile) -> None:
    found = RunDirectory(settings).read(TEMPLATE)
    assert found is not None
    assert found.pid == template.pid


def test_a_template_ends_when_no_server_is_there(template: RunFile) -> None:
    wait_until(lambda: not template.alive)


def test_a_template_ends_when_its_folder_was_moved(settings: Settings, template: RunFile, tmp_path: Path) -> None:
    with template_client.connect(settings, PATIENCE_S):
        settings.data.rename(tmp_path / "moved")
        wait_until(lambda: not template.alive)


def test_a_copied_folder_has_no_template(settings: Settings, template: RunFile, tmp_path: Path) -> None:
    copy = shutil.copytree(settings.data, tmp_path / "copy")
    assert not answers(replace(settings, data_folder=str(copy)))
    assert template.alive


def test_a_template_works_for_a_folder_whose_path_is_long(settings: Settings, tmp_path: Path) -> None:
    far = replace(settings, data_folder=str(tmp_path / ("far" * 40)))
    try:
        start_template(far)
        forked = template_client.fork(REPLICATION, far)
        assert forked is not None
        wait_until(lambda: runs(far, forked))
    finally:
        processes.kill_all(far)


def test_without_a_template_and_with_an_environment_that_is_too_large_a_server_is_started_directly(
    settings: Settings, template: RunFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LARGE", "x" * 2 * template_socket.LARGEST_MESSAGE)
    assert template_client.fork(REPLICATION, settings) is None
    monkeypatch.delenv("LARGE")
    processes.kill(template)
    assert template_client.fork(REPLICATION, settings) is None


def test_a_template_outlives_what_is_no_request(settings: Settings, template: RunFile) -> None:
    for message in (b"", b"{", b"[]", b'["main_server"]', b'["main_server", 7]', b'["none", {}]', b"\xff" * 1000):
        with template_socket.connect(settings, PATIENCE_S) as connection, Path(os.devnull).open("rb") as nothing:
            socket.send_fds(connection, [message], [nothing.fileno()])
    with template_client.connect(settings, PATIENCE_S):
        assert template.alive


def test_a_template_that_a_person_starts_explains_itself(settings: Settings) -> None:
    done = subprocess.run(
        [sys.executable, "server/template.py"],
        cwd=ROOT,
        env={**os.environ, "DATA_FOLDER": str(settings.data)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "started by a server" in done.stderr
    assert "Traceback" not in done.stderr


# -- its code ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The servers' code, to be changed: whatever this process starts is started from there."""
    code = tmp_path / "code"
    for package in ("game", "wire", "server"):
        shutil.copytree(ROOT / package, code / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(processes, "ROOT", code)
    monkeypatch.setenv("PYTHONPATH", str(code))
    return code


def change(code: Path) -> None:
    module = code / "game" / "errors.py"
    module.write_text(f"{module.read_text()}\n# another version\n")


def test_a_template_of_other_code_forks_nothing_for_a_newer_process_and_is_ended(
    settings: Settings, code: Path
) -> None:
    old = start_template(settings)
    change(code)
    assert template_client.fork(REPLICATION, settings) is None
    wait_until(lambda: not old.alive)
    start_template(settings)
    assert template_client.fork(REPLICATION, settings) is not None


def test_a_template_forks_for_servers_of_its_own_code_while_the_files_are_replaced(
    settings: Settings, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(processes.CODE, processes.code_on_disk())  # as a server has it that runs
    start_template(settings)
    change(code)
    shutil.rmtree(code / "wire")
    forked = template_client.fork(REPLICATION, settings)
    assert forked is not None
    wait_until(lambda: runs(settings, forked))


def test_an_older_server_uses_a_template_of_the_code_on_disk(
    settings: Settings, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(processes.CODE, processes.code_on_disk())
    change(code)
    start_template(settings)
    assert template_client.fork(REPLICATION, settings) is not None


def test_servers_are_started_directly_while_no_template_can_be(make_cluster: MakeCluster, code: Path) -> None:
    (code / "server" / "template.py").write_text("raise ImportError('no template with this code')")
    cluster = make_cluster()
    cluster.start(timeout_s=PATIENCE_S)
    for role in (MAIN, COMMUNICATION, REPLICATION):
        cluster.kill(role)
        wait_until(cluster.is_whole)
    assert cluster.template_status().state == "stopped"
    assert "no template with this code" in log_of(cluster.settings, TEMPLATE)
