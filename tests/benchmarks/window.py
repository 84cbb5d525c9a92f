"""How long the window's loop is ever blocked: in a lobby of many rooms that change all the time, and in a game whose
main server is killed again and again.

    make bench-window

Every block of the loop is the time between two turns of a timer that is due every ``TICK_MS``. A window answers within
100 ms only if no block is longer, so that is what the last column has to stay below.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import ttkbootstrap as ttk
from pyvirtualdisplay import Display
from rich.console import Console
from rich.table import Table

from client import Cluster as Connection
from client import connect
from client.credentials import Credentials
from client.desktop.model.app import AppModel, StartOptions
from client.desktop.model.base.preferences import Preferences
from client.desktop.window.app import SIZE, Window
from client.desktop.window.bindings import open_window
from client.desktop.window.lobby.lobby import LobbyScreen
from client.desktop.window.widgets.gc_on_tk_thread import collect_here
from client.desktop.window.widgets.theme import Look
from server.control.cluster import ClusterControl
from verify.testbed.local_cluster import sandbox_cluster
from wire import MAIN

TICK_MS = 5
LIMIT_MS = 100.0
CHANGES_PAUSE_S = 0.02
KILL_PAUSE_S = 1.0
PATIENCE_S = 30.0


class Loop:
    """Measures the blocks of a Tk loop while it runs."""

    def __init__(self, app: ttk.App) -> None:
        self._app = app
        self.blocks_ms: list[float] = []
        self._last = time.perf_counter()
        self._tick()

    def run(self, seconds: float = PATIENCE_S, until: Callable[[], bool] = lambda: False) -> list[float]:
        """Let the loop run so long, or until the condition holds; the blocks of that time in ms."""
        self.blocks_ms = []
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at and not until():
            self._app.update()
            time.sleep(0.001)
        return self.blocks_ms

    def _tick(self) -> None:
        now = time.perf_counter()
        self.blocks_ms.append((now - self._last) * 1000 - TICK_MS)
        self._last = now
        self._app.after(TICK_MS, self._tick)


@contextmanager
def in_background(work: Callable[[], None], pause_s: float) -> Iterator[None]:
    """Do something again and again meanwhile."""
    stop = threading.Event()

    def again() -> None:
        while not stop.wait(pause_s):
            work()

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def measure(cluster: ClusterControl, rooms: int, seconds: float, folder: Path) -> dict[str, list[float]]:
    """The blocks in each situation."""
    app = ttk.App(iconphoto=None)
    app.withdraw()
    collect_here(app)
    model = AppModel(
        own_server=cluster.name_server,
        options=StartOptions(name="ada", server=cluster.name_server),
        preferences=Preferences(folder / "window.json"),
        credentials=Credentials(folder / "tokens.json"),
    )
    window = open_window(ttk.Toplevel(size=SIZE), model, Look(app, "light"))
    loop = Loop(app)
    found: dict[str, list[float]] = {"from the first screen to the lobby": loop.run(until=lambda: in_lobby(model))}
    found["an empty lobby"] = loop.run(seconds)
    with connect(cluster.name_server) as connection:
        grace = connection.claim("grace")
        threading.Thread(target=lambda: [grace.create(f"Room {number}") for number in range(rooms)]).start()
        found[f"{rooms} rooms appear"] = loop.run(until=lambda: listed(window) >= rooms)
        with in_background(changes(connection), CHANGES_PAUSE_S):
            found[f"{rooms} rooms, one changes every {CHANGES_PAUSE_S * 1000:.0f} ms"] = loop.run(seconds)
        room = connection.claim("bob").create("The game")
        room.join()
        if model.lobby is not None:
            model.lobby.enter(room.id)
        found["into a room"] = loop.run(until=lambda: model.room is not None and model.room.view is not None)
        with in_background(lambda: end_main(cluster), KILL_PAUSE_S):
            found[f"a game, main killed every {KILL_PAUSE_S:.0f} s"] = loop.run(seconds)
    window.close()
    return found


def in_lobby(model: AppModel) -> bool:
    """Whether the list of rooms is there."""
    return model.lobby is not None and model.lobby.rooms is not None


def listed(window: Window) -> int:
    """How many rooms are on the screen."""
    return len(window.screen.rooms.get_children()) if isinstance(window.screen, LobbyScreen) else 0


def changes(connection: Connection) -> Callable[[], None]:
    """Somebody comes into one room after the other."""
    visitor = connection.claim("visitor")
    rooms = itertools.cycle([row.room for row in connection.rooms()])
    return lambda: visitor.room(next(rooms)).join("spectator") and None


def end_main(cluster: ClusterControl) -> None:
    """Kill the main server, if one runs."""
    if cluster.process_of(MAIN) is not None:
        cluster.kill(MAIN)


def main() -> None:
    """Measure, and show it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=5.0)
    arguments = parser.parse_args()
    with Display(size=SIZE), sandbox_cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        found = measure(cluster, arguments.rooms, arguments.seconds, Path(folder))
    table = Table("situation", "turns", "p50 ms", "p99 ms", "longest ms")
    for situation, blocks in found.items():
        hundredths = statistics.quantiles(blocks, n=100, method="inclusive")
        table.add_row(
            situation, str(len(blocks)), *(f"{ms:.1f}" for ms in (hundredths[49], hundredths[98], max(blocks)))
        )
    Console().print(table)
    longest = max(max(blocks) for blocks in found.values())
    print(f"longest block {longest:.1f} ms, {longest / LIMIT_MS:.2f} of what a window may take")


if __name__ == "__main__":
    main()
