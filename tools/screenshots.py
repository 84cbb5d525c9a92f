"""Makes the pictures in docs/images: real windows on a real cluster, on a virtual display. Run ``make screenshots``."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import ttkbootstrap as ttk
from PIL import Image, ImageGrab
from pyvirtualdisplay import Display

from client import RoomClient, connect
from client.credentials import Credentials
from client.desktop.model.app import AppModel, StartOptions
from client.desktop.model.base.preferences import Preferences, Theme
from client.desktop.model.lobby.lobby import LobbyModel
from client.desktop.model.lobby.new_room import NewRoom
from client.desktop.model.room.room import RoomModel
from client.desktop.window.app import CLUSTER_VIEW_SIZE, SIZE, Window
from client.desktop.window.bindings import open_window
from client.desktop.window.widgets.gc_on_tk_thread import collect_here
from client.desktop.window.widgets.theme import THEMES, Look
from game.match.selection import Proposal
from server.control.cluster import ClusterControl
from tictactoe import OwnServers
from verify.testbed.local_cluster import sandbox_cluster
from wire import COMMUNICATION, MAIN, REPLICATION

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SCREEN = (2400, 1000)
WIDE = (900, 720)
PATIENCE_S = 30.0
REST_S = 0.6
"""How long animations may take to end, in seconds."""
OTHERS = (
    ("Tea and tic-tac-toe", ("grace",), {}, ()),
    ("Four in a row", ("alan", "edsger"), {"width": 6, "height": 5, "in_a_row": 4}, (14, 15, 20, 8, 13)),
    ("Gomoku, almost", ("barbara",), {"width": 10, "height": 10, "in_a_row": 5}, ()),
    ("Rematch of the year", ("leslie", "nancy"), {}, (4, 0, 8, 2, 1)),
    ("Quick one", ("radia", "tim"), {}, (0, 4, 1, 2, 6)),
)


class Studio:
    """The windows of two people, and their pictures."""

    def __init__(self, app: ttk.App, cluster: ClusterControl, folder: Path) -> None:
        self.app = app
        self.cluster = cluster
        self.look = Look(app, "light", 1.0)
        self.ada, self.bob = (self._window(name, number, folder) for number, name in enumerate(("Ada", "Bob")))

    def _window(self, name: str, number: int, folder: Path) -> Window:
        model = AppModel(
            own_server=self.cluster.name_server,
            options=StartOptions(name=name, server=self.cluster.name_server),
            open_servers=lambda: OwnServers(self.cluster.settings),
            preferences=Preferences(folder / f"{name}.json"),
            credentials=Credentials(folder / f"{name} tokens.json"),
        )
        return open_window(ttk.Toplevel(size=SIZE, position=(number * SIZE[0], 0)), model, self.look)

    def run_until(self, until: Callable[[], object]) -> None:
        """Run the windows until the condition holds. Raises TimeoutError."""
        ends_at = time.monotonic() + PATIENCE_S
        while not until():
            if time.monotonic() > ends_at:
                raise TimeoutError(f"the scene was not complete within {PATIENCE_S:g} s")
            self.app.update()
            time.sleep(0.005)

    def picture(self, shell: ttk.App | ttk.Toplevel, name: str) -> None:
        """Save pictures of a window in both themes."""
        themes: Sequence[Theme] = tuple(THEMES)
        for theme in themes:
            self.look.use(theme)
            for window in (self.ada, self.bob):
                window.refresh()
            rested_at = time.monotonic() + REST_S
            self.run_until(lambda at=rested_at: time.monotonic() > at)  # type: ignore[misc]
            x, y = shell.winfo_rootx(), shell.winfo_rooty()
            box = (x, y, x + shell.winfo_width(), y + shell.winfo_height())
            picture = ImageGrab.grab(bbox=box, xdisplay="").convert("P", palette=Image.Palette.ADAPTIVE, colors=128)
            picture.save(IMAGES / f"{name}-{theme}.png", optimize=True)
            print(f"docs/images/{name}-{theme}.png")

    def play(self, *cells: int, first: Window | None = None) -> None:
        """Play these cells in turn: first Ada, or Bob if ``first`` is his window."""
        order = (self.bob, self.ada) if first is self.bob else (self.ada, self.bob)
        for number, cell in enumerate(cells):
            room = self.room_of(order[number % 2])
            self.run_until(lambda room=room: room.my_turn)  # type: ignore[misc]
            room.play(cell)

    # -- the pictures -----------------------------------------------------------------------------------------------

    def lobby(self) -> None:
        """Show rooms of other people, and an own game."""
        ada, lobby = self.ada.model, self.lobby_of(self.ada)
        self.run_until(lambda: len(lobby.rooms or ()) == len(OTHERS) and lobby.online_count > 1)
        lobby.create(NewRoom("Friday's series", best_of=3, clock="10+5"))
        self.run_until(lambda: ada.room is not None and ada.room.view is not None)
        self.lobby_of(self.bob).enter(self.room_of(self.ada).id)
        self.play(4, 0)
        self.ada.act(ada.leave_room)
        self.run_until(lambda: any(game.my_turn for game in lobby.games.all()))
        self.picture(self.ada.shell, "lobby")
        lobby.enter(lobby.games.all()[0].row.room)
        self.run_until(lambda: ada.room is not None and ada.room.my_turn)

    def game(self) -> None:
        """Show a game with a clock, the chat and an offer; then the banner while no server runs."""
        room, bob = self.room_of(self.ada), self.room_of(self.bob)
        self.ada.shell.geometry(f"{WIDE[0]}x{WIDE[1]}+0+0")
        with connect(self.cluster.name_server) as connection:
            spectator = connection.claim("dorothy").room(room.id)
            spectator.join("spectator")
            for send, text in ((room.chat.send, "Good luck, Bob!"), (bob.chat.send, "Thanks, I’ll need it")):
                lines = len(room.chat.lines)
                send(text)
                self.run_until(lambda lines=lines: len(room.chat.lines) > lines)  # type: ignore[misc]
            spectator.say("What a start")
            self.play(2)
            bob.offer("draw")
            self.run_until(lambda: bool(room.bars()) and room.chat.lines[-1].by == "dorothy")
            self.picture(self.ada.shell, "game")
        self.ada.shell.geometry(f"{SIZE[0]}x{SIZE[1]}+0+0")
        self.cluster.stop()
        self.run_until(lambda: self.ada.banner.text)
        self.picture(self.ada.shell, "banner")
        self.cluster.start()
        self.run_until(lambda: self.ada.banner.text == "")

    def match(self) -> None:
        """Show a match from Play now to the result, and its game in the archive."""
        people = (self.ada, self.bob)
        for window in people:
            window.act(window.model.leave_room)
            window.act(self.lobby_of(window).seeking.play)
        self.run_until(lambda: all(w.model.room is not None and w.model.room.view is not None for w in people))
        ada, bob = (self.room_of(window) for window in people)
        for part, value in (("board", "3x3"), ("best_of", 1), ("clock", "3+2")):
            bob.selection.choose(part, value)  # type: ignore[arg-type]
        wanted = Proposal("3x3", 1, "3+2")
        self.run_until(lambda: ada.view is not None and ada.selection.theirs(ada.view) == wanted)
        self.picture(self.ada.shell, "select")
        self.ada.act(ada.selection.agree)
        self.run_until(lambda: ada.view is not None and ada.view.phase == "playing")
        cells = (4, 0, 2, 8, 6) if ada.seat == "X" else (0, 4, 8, 2, 7, 6)
        self.play(*cells, first=self.ada if ada.seat == "X" else self.bob)
        self.run_until(lambda: "rating" in ada.result.text)
        self.picture(self.ada.shell, "result")
        self.ada.act(self.ada.model.leave_room)
        self.ada.act(self.ada.model.open_records)
        records = self.ada.model.records
        if records is None:
            raise RuntimeError("the window has no records screen")
        records.show_games()
        self.run_until(lambda: records.archive.games.value is not None and len(records.archive.games.value.games) > 0)
        games = records.archive.games.value
        if games is not None:
            self.ada.act(lambda: records.open(games.games[0]))
        self.picture(self.ada.shell, "archive")

    def lobby_of(self, window: Window) -> LobbyModel:
        """Return the lobby of a window. Raises RuntimeError before its user has signed in."""
        self.run_until(lambda: window.model.lobby is not None and window.model.lobby.rooms is not None)
        if window.model.lobby is None:
            raise RuntimeError("the user of this window has not signed in")
        return window.model.lobby

    def room_of(self, window: Window) -> RoomModel:
        """Return the room of a window. Raises RuntimeError outside a room."""
        self.run_until(lambda: window.model.room is not None and window.model.room.view is not None)
        if window.model.room is None:
            raise RuntimeError("this window shows no room")
        return window.model.room

    def servers(self) -> None:
        """Show the servers after kills, the last of them just now."""
        for role in (MAIN, COMMUNICATION, MAIN, REPLICATION):
            self.cluster.kill(role)
            self.run_until(self.cluster.is_whole)
        self.ada.toggle_cluster_view()
        screen = self.ada.cluster_view.page
        if screen is None:
            raise RuntimeError("the window has no view of the servers")
        shell = screen.winfo_toplevel()
        shell.geometry(f"{CLUSTER_VIEW_SIZE[0]}x{CLUSTER_VIEW_SIZE[1]}+{2 * SIZE[0]}+0")
        self.run_until(lambda: screen.model.can_kill and all(server.is_well for server in screen.model.servers))
        self.picture(shell, "cluster")


def open_others(cluster: ClusterControl, stack: ExitStack) -> None:
    """Open rooms of other people. In some a game runs."""
    connection = stack.enter_context(connect(cluster.name_server))
    for title, names, options, cells in OTHERS:
        seats: list[RoomClient] = []
        for name in names:
            player = connection.claim(name)
            seats.append(player.room(seats[0].id) if seats else player.create(title, **options))
            seats[-1].join()
            connection.ask("online", name, player.token)
        for number, cell in enumerate(cells):
            seats[number % 2].move(cell)


def main() -> None:
    """Make all pictures."""
    IMAGES.mkdir(exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(Display(size=SCREEN))
        cluster = stack.enter_context(sandbox_cluster(name_server_host="localhost"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app = ttk.App(iconphoto=None)
        app.withdraw()
        collect_here(app)
        open_others(cluster, stack)
        studio = Studio(app, cluster, folder)
        studio.lobby()
        studio.game()
        studio.match()
        studio.servers()
        for window in (studio.ada, studio.bob):
            window.close()


if __name__ == "__main__":
    main()
