"""What holds for the whole window: themes, sizes, keys, faults of ours."""

from __future__ import annotations

import ast
import subprocess
import sys
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path

import pytest
import ttkbootstrap as ttk

import client.desktop.model
import client.desktop.window
import client.texts
from client.desktop.model.base.connection_state import Closing
from client.desktop.window.app import SMALLEST
from client.desktop.window.widgets.buttons import hint
from client.desktop.window.widgets.theme import Look
from server.control.cluster import ClusterControl
from server.settings import ROOT
from tests.client.desktop.window.windows import Desk, Person, drawn, play, two_in_a_room


def test_light_and_dark_are_switched_everywhere_and_remembered(desk: Desk, shared_cluster: ClusterControl) -> None:
    abe, bea = two_in_a_room(desk, shared_cluster, "abe", "bea")
    play((0, 4), abe, bea)
    light = str(abe.room.board.cget("background"))
    abe.types(abe.room.board, "F9")
    assert str(abe.room.board.cget("background")) != light
    assert drawn(abe.room.board) == "X...O....", "the marks are there in the other colours"
    assert desk.sit_down("127.0.0.1:1").window.model.preferences.theme == "light"
    assert abe.window.model.preferences.__class__(desk.folder / "abe" / "window.json").theme == "dark"


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_everything_fits_into_the_smallest_window(desk: Desk, shared_cluster: ClusterControl, scale: float) -> None:
    desk.look = Look(desk.app, "light", scale)
    try:
        names = [f"{name} {scale:.0f}" for name in ("cid", "dot")]
        cid = desk.sit_down(shared_cluster.name_server, names[0])
        size = [desk.look.px(length) for length in SMALLEST]
        cid.window.shell.geometry(f"{size[0]}x{size[1]}")
        desk.wait(lambda: cid.lobby.winfo_width() > 100)
        assert_fits(cid)
        cid.opens_new_room("small")
        desk.app.update()
        assert_fits(cid)
        cid.lobby.new_room.open.invoke()
        cid.waits_for(headline="Waiting for an opponent")
        dot = desk.sit_down(shared_cluster.name_server, names[1], room=cid.room.model.id)
        cid.plays(0)
        dot.waits_for(headline="Your turn")
        assert_fits(cid)
        assert cid.room.board.layout.cell > desk.look.px(50), "the board is large enough to play on"
    finally:
        desk.look = Look(desk.app, "light", 1.0)


def test_every_colour_that_a_style_names_is_one(desk: Desk, shared_cluster: ClusterControl) -> None:
    """Tk reports an error in the background when it is to draw in a colour that it does not know."""
    uma, vic = two_in_a_room(desk, shared_cluster, "uma s", "vic s")
    wes = desk.sit_down(shared_cluster.name_server, "wes s")
    wes.opens_new_room("a panel")
    for theme in ("light", "dark"):
        desk.look.use(theme)
        desk.app.update()
        styles = {style for person in (uma, vic, wes) for style in styles_in(person.window.shell)}
        unknown = [
            f"{style} {name}" for style in styles for name, colour in colours_of(desk.app, style) if colour == ""
        ]
        assert unknown == []


FIRST_TIME_DARK = """
import ttkbootstrap as ttk
from client.desktop.window.widgets.theme import THEMES, Look

app = ttk.App(iconphoto=None)
app.tk.createcommand("bgerror", print)
look = Look(app, "light")
for name in THEMES.values():  # older versions of Tk report nothing, so look at what all of them would measure by
    if not app.tk.eval(f"ttk::style theme settings {name} {{ttk::style configure . -focuscolor}}"):
        print(f"{name} has no colour for rings")
for widget in (ttk.Checkbutton, ttk.Radiobutton, ttk.Scale, ttk.Combobox, ttk.Button, ttk.Entry):
    widget(app).pack()
app.update()
look.use("dark")
app.update()
"""


def test_the_first_change_to_dark_meets_no_colour_that_is_none() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_TIME_DARK], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""


def styles_in(widget: tk.Misc) -> Iterator[str]:
    """The styles of all widgets, with the weaker ones that each is built on; the weakest is "."."""
    for child in widget.winfo_children():
        yield from styles_in(child)
    style = widget.winfo_class()
    if "style" in (widget.configure() or {}):
        style = str(widget.cget("style")) or style
    while style:
        yield style
        style = style.partition(".")[2]
    yield "."


def colours_of(app: ttk.App, style: str) -> Iterator[tuple[str, str]]:
    """Names and values of what a style says of colours, in any state."""
    options = {**(app.style.configure(style) or {}), **app.style.map(style)}
    for name, value in options.items():
        if name.endswith(("color", "ground")):
            yield from ((name, str(spec[-1])) for spec in value) if isinstance(value, list) else [(name, str(value))]


def assert_fits(person: Person) -> None:
    """What the screen asks for is not more than it has."""
    person.desk.app.update()
    screen, shell = person.window.screen, person.window.shell
    assert screen is not None
    header = screen.winfo_y()
    assert screen.winfo_reqwidth() <= shell.winfo_width(), "too wide"
    assert screen.winfo_reqheight() + header <= max(shell.winfo_height(), 1), "too high"


def test_the_page_of_keys_comes_and_goes(desk: Desk) -> None:
    eva = desk.sit_down("127.0.0.1:1")
    for shown in (True, False):
        eva.window.toggle_keys()
        assert (eva.window.keys.page is not None) is shown


def test_a_change_of_the_theme_reaches_what_the_windows_draw_themselves(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    thea = desk.sit_down(shared_cluster.name_server, "thea")
    thea.opens_new_room("by day and night").open.invoke()
    board, lines = thea.room.board, thea.room.chat.lines
    thea.window.toggle_cluster_view()
    view = thea.window.cluster_view.page
    assert view is not None
    for theme in ("dark", "light"):  # at first the chat has never been shown
        thea.window.change_theme()
        palette = desk.look.palette
        assert desk.look.theme == theme
        for drawn_on in (board, view.picture):
            desk.wait(lambda on=drawn_on, ground=palette.ground: str(on.cget("background")) == ground)  # type: ignore[misc]
        thea.room.toggle_chat()
        desk.wait(lambda cell=palette.cell: lines.winfo_viewable() and str(lines.cget("background")) == cell)  # type: ignore[misc]
        thea.room.toggle_chat()


def test_a_fault_of_ours_is_noted_and_the_window_goes_on(desk: Desk) -> None:
    gwen = desk.sit_down("127.0.0.1:1")
    gwen.window.act(lambda: 1 // 0)
    gwen.window.model.background.run(lambda _: 1 // 0)
    desk.wait(lambda: len(desk.faults) == 2)
    desk.faults.clear()
    gwen.window.toggle_keys()
    assert gwen.window.keys.page is not None


def test_a_tooltip_goes_with_its_widget_even_if_it_is_just_about_to_be_shown(desk: Desk) -> None:
    before = len(desk.app.winfo_children())
    widget = ttk.Button(desk.sit_down("127.0.0.1:1").window.shell, text="A button")
    widget.grid()
    hint(widget, "what it does")
    desk.wait(widget.winfo_viewable)
    widget.event_generate("<Enter>", x=1, y=1)
    widget.destroy()
    desk.clear()
    desk.wait(lambda: len(desk.app.winfo_children()) <= before, "all tooltips of the window are gone")


def test_the_model_knows_no_tk_and_the_windows_no_threads_and_no_network() -> None:
    forbidden = {
        client.texts: {"tkinter", "threading", "wire.rpc", "client.desktop"},
        client.desktop.model: {"tkinter", "ttkbootstrap", "tktooltip", "PIL", "client.desktop.window"},
        client.desktop.window: {
            "threading",
            "socket",
            "queue",
            "wire.rpc",
            "client.connection",
            "client.cluster",
            "server",
        },
    }
    for package, banned in forbidden.items():
        for file in Path(package.__path__[0]).rglob("*.py"):
            found = {name for name in imports(file) if any(name == ban or name.startswith(f"{ban}.") for ban in banned)}
            assert not found, f"{file} imports {found}"


def imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_a_window_can_be_closed_at_any_time(desk: Desk, shared_cluster: ClusterControl) -> None:
    hob, ina = two_in_a_room(desk, shared_cluster, "hob", "ina")
    hob.clicks(0)
    hob.window.close()
    ina.waits_for(headline="Your turn")
    desk.wait(lambda: ina.room.players.names["X"].cget("text") == "hob (away) ✕", "it says good-bye")


def test_that_the_servers_close_is_said_in_a_row_of_its_own_and_covers_nothing(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    rob = desk.sit_down(shared_cluster.name_server, "rob")
    lobby = rob.lobby
    desk.wait(lambda: "rob" in lobby.model.online)
    lobby.model.closing = Closing(until=None)
    desk.wait(lambda: rob.banner.startswith("The servers stop"))
    assert rob.window.banner.frame.winfo_rooty() >= lobby.winfo_rooty() + lobby.winfo_height()
    lobby.model.closing = None
    desk.wait(lambda: not rob.banner)
