"""The windows as people start them: real processes of ``python tictactoe.py``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

from client import connect
from server.control.cluster import ClusterControl
from server.settings import ROOT, as_environment
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import end
from verify.testbed.local_cluster import sandbox_settings
from wire import MAIN


class Command:
    """The command under way; what it says is in a file, because the windows it opens may outlive it."""

    def __init__(self, *arguments: str, folder: Path, **environment: str) -> None:
        self._said = folder / "said.txt"
        with self._said.open("w") as output:
            self._process = psutil.Popen(
                [sys.executable, "tictactoe.py", *arguments],
                cwd=ROOT,
                env={**os.environ, "XDG_CONFIG_HOME": str(folder), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        """What it wrote, as one line."""
        return " ".join(self._said.read_text().split())

    def windows(self) -> list[psutil.Process]:
        """The windows that it opened in processes of their own."""
        children = [child for child in self._process.children() if child.status() != psutil.STATUS_ZOMBIE]
        return [child for child in children if "--room" in child.cmdline()]

    def terminate(self) -> None:
        """Tell it to end."""
        self._process.terminate()

    def ends(self) -> int:
        """Wait for its end; its exit status."""
        return int(self._process.wait(PATIENCE_S))

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.is_running():
            for process in (*self.windows(), self._process):
                process.kill()


def test_a_window_goes_straight_into_a_room_and_says_good_bye_when_it_is_told_to_end(
    shared_cluster: ClusterControl, tmp_path: Path
) -> None:
    with connect(shared_cluster.name_server, deadline_s=PATIENCE_S) as connection:
        room = connection.claim("xena").create("a real process comes")
        room.join()
        options = ("--name", "zoe", "--server", shared_cluster.name_server, "--room", room.id)
        with Command(*options, folder=tmp_path) as window:
            wait_until(lambda: room.view().seat_of("zoe") == "O")
            assert room.view().phase == "playing"
            window.terminate()
            assert window.ends() == 0, window.said
        seat = room.view().seats["O"]
        assert seat is not None
        assert not seat.present


def test_play_opens_two_windows_in_one_room_and_stops_what_it_started(tmp_path: Path) -> None:
    settings = sandbox_settings(tmp_path / "data")
    cluster = ClusterControl(settings)
    try:
        with Command("play", folder=tmp_path, **as_environment(settings)) as play:
            wait_until(cluster.is_whole, what="the servers run")
            with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
                wait_until(lambda: [row.phase for row in connection.rooms()] == ["playing"], what="both have sat down")
                cluster.kill(MAIN)
                assert set(connection.rooms()[0].players.values()) == {"Ada", "Bob"}
            assert len(play.windows()) == 2
            for window in play.windows():
                window.terminate()
            assert play.ends() == 0, play.said
        assert not cluster.runs_here()
    finally:
        end(cluster)


def test_play_leaves_the_servers_to_others_who_are_connected_and_says_so(tmp_path: Path) -> None:
    settings = sandbox_settings(tmp_path / "data")
    cluster = ClusterControl(settings)
    try:
        with Command("play", folder=tmp_path, **as_environment(settings)) as play:
            wait_until(lambda: len(play.windows()) == 2)
            with connect(cluster.name_server) as connection:
                room = connection.claim("carl").create("still here")
                for window in play.windows():
                    window.terminate()
                assert play.ends() == 0, play.said
                assert room.view().phase == "waiting"
                room.disconnect()
        assert play.said.endswith(
            "Others are connected, so the servers keep running. To stop them: python tictactoe.py cluster stop"
        )
        assert cluster.runs_here()
        wait_until(lambda: not cluster.has_clients(disconnect_s=0.0), what="the last of them is gone")
    finally:
        end(cluster)


def test_without_a_display_it_says_what_to_do_instead(tmp_path: Path) -> None:
    with Command(folder=tmp_path, DISPLAY="") as window:
        assert window.ends() == 2
        assert window.said.startswith("No window can be opened: ")
        assert window.said.endswith("python tictactoe.py demo")
