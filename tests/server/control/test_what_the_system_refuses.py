"""A folder, key or lock that cannot be used is a sentence for whoever asked, never a traceback."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import typer

from client.desktop.model.base.local_servers import CannotDo
from server.control.cli import CANNOT, plain_errors
from server.control.cluster import ClusterControl
from server.settings import Settings, as_environment
from server.supervision.processes import CANNOT_START
from tests.copies import Copies, copies_of_python
from tictactoe import OwnServers
from verify.testbed.local_cluster import sandbox_settings
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.os_errors import sentence_of

SETPRIV = shutil.which("setpriv")
UNPRIVILEGED: tuple[str, ...] = ()
"""What comes before a command so that the permissions of files hold for it, also when root runs the tests."""
if os.geteuid() == 0 and SETPRIV is not None:
    UNPRIVILEGED = (SETPRIV, "--bounding-set=-dac_override,-dac_read_search")

pytestmark = pytest.mark.skipif(
    os.geteuid() == 0 and SETPRIV is None, reason="root needs setpriv to be refused anything"
)


class Done(NamedTuple):
    """What came of a command."""

    returncode: int
    stderr: str


Run = Callable[..., Done]


@pytest.fixture(scope="module")
def copies() -> Iterator[Copies]:
    with copies_of_python(*UNPRIVILEGED) as copies:
        yield copies


@pytest.fixture
def run(copies: Copies, tmp_path: Path) -> Run:
    """Run a script with these settings, where the permissions of files hold."""

    def run(words: Sequence[str], settings: Settings, **environment: str) -> Done:
        errors = tmp_path / "errors"
        pid = copies.start(words, {**as_environment(settings), **environment}, errors=errors)
        return Done(copies.wait(pid), errors.read_text())

    return run


def in_a_folder_of_root(settings: Settings) -> Path:
    """As after a ``sudo`` whose folder nobody else may write to."""
    settings.data.mkdir()
    settings.data.chmod(0o500)
    return settings.data


def with_a_key_of_root(settings: Settings) -> Path:
    settings.data.mkdir()
    key = settings.data / "cluster.key"
    key.write_text("0123456789abcdef")
    key.chmod(0)
    return key


def with_run_files_of_root(settings: Settings) -> Path:
    folder = settings.data / "run"
    folder.mkdir(parents=True)
    (settings.data / "cluster.key").write_text("0123456789abcdef")
    for role in (MAIN, COMMUNICATION, REPLICATION):
        lock = folder / f"{role}.lock"
        lock.touch()
        lock.chmod(0o400)
    folder.chmod(0o500)
    return folder


REFUSALS = [in_a_folder_of_root, with_a_key_of_root, with_run_files_of_root]


@pytest.mark.parametrize("refused", REFUSALS)
@pytest.mark.parametrize("role", [MAIN, COMMUNICATION, REPLICATION])
def test_a_server_that_is_refused_a_file_ends_with_a_sentence(
    run: Run, settings: Settings, role: str, refused: Callable[[Settings], Path]
) -> None:
    path = refused(settings)
    done = run([f"server/{role}.py"], settings)
    assert done.returncode == CANNOT_START, done.stderr
    assert str(path) in done.stderr
    assert "Permission denied" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("refused", REFUSALS[:2])
@pytest.mark.parametrize("command", ["start", "status", "stop", "drain", "upgrade", "kill main"])
def test_a_command_that_is_refused_a_file_ends_with_a_sentence(
    run: Run, settings: Settings, command: str, refused: Callable[[Settings], Path]
) -> None:
    path = refused(settings)
    done = run(["tictactoe.py", "cluster", *command.split()], settings)
    assert done.returncode == CANNOT, done.stderr
    assert f"{path}" in done.stderr
    assert "Permission denied" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bot_whose_name_cannot_be_kept_ends_with_a_sentence(
    run: Run, shared_cluster: ClusterControl, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o500)
    words = ["tictactoe.py", "bot", "new", "--name", "homeless", "--server", shared_cluster.name_server]
    done = run(words, shared_cluster.settings, HOME=str(home), XDG_CONFIG_HOME=str(home / ".config"))
    assert done.returncode == CANNOT
    assert "tokens.json cannot be used: Permission denied" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_system_refuses_a_command_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as end, plain_errors():
        Path("/proc/version/report.json").write_text("")
    assert end.value.exit_code == CANNOT
    assert "/proc/version/report.json cannot be used: Not a directory" in capsys.readouterr().err


def test_a_reader_who_goes_away_is_no_error() -> None:
    with pytest.raises(BrokenPipeError), plain_errors():
        raise BrokenPipeError


def test_a_sentence_is_made_of_whatever_there_is() -> None:
    assert sentence_of(OSError(28, "No space left on device")) == "the system refuses: No space left on device"
    assert sentence_of(OSError("odd")) == "the system refuses: odd"
    assert sentence_of(TimeoutError()) == "the system refuses: TimeoutError"


def test_the_window_gets_a_sentence_as_well(settings: Settings) -> None:
    (settings.data / "cluster.key").mkdir(parents=True)
    with pytest.raises(CannotDo, match=r"cluster\.key cannot be used: Is a directory"):
        OwnServers(settings)


# -- ports of clusters of one's own -----------------------------------------------------------------------------------


def test_ports_of_a_cluster_of_ones_own_need_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There was one in the temporary folder, which belonged to the user who came first."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "of another user"))
    assert sandbox_settings(tmp_path).main_port > 0


def test_nobody_else_takes_the_ports_of_a_cluster_of_ones_own(tmp_path: Path) -> None:
    """Not even while none of them is used yet, and whoever it is: the last of the block is taken."""
    ones, others = sandbox_settings(tmp_path / "one"), sandbox_settings(tmp_path / "other")
    assert not {ones.name_server_port, *ones.server_ports} & {others.name_server_port, *others.server_ports}
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            stranger.bind(("127.0.0.1", ones.name_server_port + 19))
