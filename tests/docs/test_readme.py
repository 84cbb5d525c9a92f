"""The README's commands and its example do what it says, one after the other, for somebody with one home folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tictactoe
from client import connect
from server.control.cluster import ClusterControl
from server.settings import ROOT, as_environment
from server.supervision import processes
from tests.client.desktop.window.test_window_command import Command
from tests.conditions import A_RUN_S, PATIENCE_S, wait_until
from tests.conftest import end
from verify.testbed.local_cluster import sandbox_settings

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    command
    for language, block in BLOCKS
    if not language
    for line in block.splitlines()
    if (command := line.partition("#")[0].strip())
]
INLINE = re.findall(r"`((?:python tictactoe\.py|make|cluster) [^`]+)`", README)
(EXAMPLE,) = (block for language, block in BLOCKS if language == "python")
OURS = "python tictactoe.py"
BY_HAND = [command for command in COMMANDS if command.startswith(("pyro4-ns", "python server/"))]


@pytest.mark.parametrize("command", [one for one in (*COMMANDS, *INLINE) if one.startswith((OURS, "cluster "))])
def test_a_command_is_there_with_its_options(command: str) -> None:
    words = command.removeprefix(OURS).split()
    done = CliRunner().invoke(tictactoe.app, [*words, "--help"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("command", [one for one in (*COMMANDS, *INLINE) if one.startswith("make ")])
def test_a_target_is_there(command: str) -> None:
    assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@dataclass(frozen=True)
class Machine:
    """A machine on which nobody has played yet: a home folder, and ports of its own."""

    home: Path
    cluster: ClusterControl

    @property
    def environment(self) -> dict[str, str]:
        """Of whatever is run there."""
        own = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config")}
        return {**as_environment(self.cluster.settings), **own}

    def begin(self, command: str) -> subprocess.Popen[str]:
        """Start a command of the README."""
        program, *words = command.replace("1337", str(self.cluster.settings.name_server_port)).split()
        return subprocess.Popen(
            [str(Path(sys.executable).with_name(program)), *words],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str) -> str:
        """Run a command of the README to its good end; what it wrote."""
        assert command in COMMANDS, "it is not in the README any more"
        return finished(self.begin(command))

    def play(self) -> None:
        """``make play``, until both have sat down; then the windows are closed."""
        assert "make play" in COMMANDS
        with Command("play", folder=self.home, **self.environment) as play:
            wait_until(self.cluster.is_whole, what="the servers run")
            with connect(self.cluster.name_server, deadline_s=PATIENCE_S) as connection:
                wait_until(lambda: [row.phase for row in connection.rooms()] == ["playing"], what="both have sat down")
            for window in play.windows():
                window.terminate()
            assert play.ends() == 0, play.said

    def example(self) -> str:
        """Run the example of the library; what it wrote."""
        assert "localhost:1337" in EXAMPLE
        script = self.home / "example.py"
        script.write_text(EXAMPLE.replace("1337", str(self.cluster.settings.name_server_port)))
        return finished(self.begin(f"python {script}"))


def finished(process: subprocess.Popen[str]) -> str:
    """Wait for a good end; what was written until then."""
    with process:
        written = process.communicate(timeout=A_RUN_S)[0]
    assert process.returncode == 0, written
    return written


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    home = tmp_path / "home"
    home.mkdir()
    machine = Machine(home, ClusterControl(sandbox_settings(tmp_path / "data")))
    yield machine
    end(machine.cluster)


def test_after_playing_the_servers_are_used_as_the_readme_says(machine: Machine) -> None:
    machine.play()
    machine.run(f"{OURS} cluster start")
    assert "main_server" in machine.run(f"{OURS} cluster status")
    for _ in range(2):  # the names are there now in two spellings, and the last room is over
        assert re.search(r"^won by Ada$", machine.example(), re.MULTILINE)
    assert "Killed main_server" in machine.run(f"{OURS} cluster kill main")
    wait_until(machine.cluster.is_whole)

    assert f"{OURS} bot new --games 3" in COMMANDS
    waits = machine.begin(f"{OURS} bot new --games 3")
    assert waits.stdout is not None
    room = re.search(r"plays in room (\w+)", waits.stdout.readline())
    assert room is not None
    assert "3 games" in finished(machine.begin(f"{OURS} bot {room[1]} --games 3"))
    assert "3 games" in finished(waits)

    assert "All four servers were replaced" in machine.run(f"{OURS} cluster upgrade")
    assert "is stopped" in machine.run(f"{OURS} cluster drain --deadline 30")
    machine.run(f"{OURS} cluster start")
    machine.run(f"{OURS} cluster stop")
    assert not machine.cluster.runs_here()


def test_the_servers_are_started_by_hand_as_the_readme_says(machine: Machine) -> None:
    assert len(BY_HAND) == len(processes.ROLES)
    with ExitStack() as stack:
        name_server, *_ = [stack.enter_context(machine.begin(command)) for command in BY_HAND]
        stack.callback(name_server.terminate)
        stack.callback(end, machine.cluster)
        wait_until(machine.cluster.is_whole)
        assert re.search(r"^won by ada$", machine.example(), re.MULTILINE)
        machine.run(f"{OURS} cluster stop")
        assert name_server.poll() is None, "a name server that was started by hand is left to its owner"
