"""Every button and every word is shown whole: at the size at which a window opens, and at its smallest."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from client.desktop.model.base.connection_state import Banner
from client.desktop.model.room.offers import CLAIM_AFTER_MS
from client.desktop.window.app import SIZE, SMALLEST
from client.desktop.window.widgets.theme import Look
from game.forms.room_view import SeatView, View
from game.rooms.commands import Leave, Offer
from game.rooms.state import Room
from server.control.cluster import ClusterControl
from tests.client.desktop.model.seen import seen
from tests.client.desktop.window.fitting import cut_off
from tests.client.desktop.window.windows import Desk, Person
from tests.game.playing import after, matched, playing, request, resigned, started, won_by_x
from tests.server.telemetry.scraping import scrape
from wire import COMMUNICATION

SIZES = [
    pytest.param((SIZE, 1.0), id="as it opens"),
    pytest.param((SIZE, 1.04), id="666 pixels wide"),  # as it opens where an inch has 100 dots
    pytest.param((SMALLEST, 1.0), id="smallest"),
]
OTHER = "Maximilian von Wittm"
"""As long as names may be."""
NUMBERS = itertools.count(10_000)


@pytest.fixture(params=SIZES)
def wilhelmina(desk: Desk, shared_cluster: ClusterControl, request: pytest.FixtureRequest) -> Iterator[Person]:
    """Somebody in the lobby, in a window of that size."""
    size, scale = request.param
    desk.look = Look(desk.app, "light", scale)
    person = desk.sit_down(shared_cluster.name_server, f"Wilhelmina von {next(NUMBERS)}")
    width, height = (desk.look.px(length) for length in size)
    person.window.shell.geometry(f"{width}x{height}")
    lobby = person.lobby
    desk.wait(lambda: lobby.model.rooms is not None and person.window.shell.winfo_width() == width)
    yield person
    desk.clear()
    desk.look = Look(desk.app, "light", 1.0)


def cut(person: Person) -> list[str]:
    """What is not shown whole in either theme, once the window has come to rest."""
    found: list[str] = []
    for theme in ("dark", "light"):
        person.desk.look.use(theme)
        person.window.refresh()
        for _ in range(5):
            person.desk.app.update()
        found += [f"{theme}: {text}" for text in cut_off(person.window.shell)]
    return found


def fits(person: Person) -> None:
    """All is shown whole."""
    assert not cut(person)


def test_the_lobby_with_the_house_bot_s_offer(desk: Desk, wilhelmina: Person, shared_cluster: ClusterControl) -> None:
    fits(wilhelmina)
    seeking = wilhelmina.lobby.model.seeking
    # The person of the test before has cancelled; until the servers know, the two would be matched.
    desk.wait(lambda: scrape(shared_cluster.settings, COMMUNICATION).value("tictactoe_seekers") == 0)
    seeking.play()
    fits(wilhelmina)
    seeking._offered = True
    wilhelmina.window.refresh()
    desk.wait(wilhelmina.lobby.play.keep.winfo_viewable)
    fits(wilhelmina)
    seeking.cancel()
    fits(wilhelmina)


def test_the_panel_for_a_new_room(wilhelmina: Person) -> None:
    panel = wilhelmina.opens_new_room("a room")
    fits(wilhelmina)
    panel.width.set("99")
    fits(wilhelmina)


def test_leaderboard_and_games(wilhelmina: Person) -> None:
    wilhelmina.window.act(wilhelmina.window.model.open_records)
    records = wilhelmina.window.model.records
    assert records is not None
    fits(wilhelmina)
    records.show_games(records.me)
    fits(wilhelmina)


def away() -> Room:
    return after(started(), Leave("bob", request()))


def over() -> Room:
    return resigned(playing(), "ann")


ROOMS: dict[str, Callable[[], Room]] = {
    "selecting": matched,
    "proposed": matched,
    "playing": started,
    "offers": lambda: after(started(), *(Offer("bob", request(), what) for what in ("draw", "abort"))),
    "own offers": lambda: after(started(), *(Offer("ann", request(), what) for what in ("draw", "abort"))),
    "away": away,
    "won": won_by_x,
    "match over": over,
    "clock": lambda: playing(3, "3+2"),
    "between games": lambda: resigned(playing(3, "3+2"), "ann"),
}


def renamed(view: View, me: str) -> View:
    """With names as long as they may be."""
    names = {"ann": me, "bob": OTHER}

    def seat(one: SeatView | None) -> SeatView | None:
        return None if one is None else replace(one, name=names.get(one.name, one.name))

    return replace(
        view,
        owner=names.get(view.owner, view.owner),
        seats={which: seat(one) for which, one in view.seats.items()},
        wins={names.get(name, name): count for name, count in view.wins.items()},
        spectators=(OTHER,) * 5,
        spectator_count=20,
    )


def test_a_room(desk: Desk, wilhelmina: Person) -> None:
    wilhelmina.opens_new_room("A room with a rather long name, as people give them").open.invoke()
    room = wilhelmina.room
    model = room.model
    desk.wait(lambda: model.view is not None)
    fits(wilhelmina)
    model.stop()
    desk.app.update()
    wilhelmina.window.model.background.drain()
    cut_off_in: dict[str, list[str]] = {}
    for name, make in ROOMS.items():
        model.view = renamed(seen(make()), model.me)
        model._time.set(2 * CLAIM_AFTER_MS, 0.0)
        model._time.unanswered("test", 0.0)
        model.result.text = ""
        model.result.update(model.view)
        model.selection.update(model.view)
        model.command.outcome = f"{OTHER} moved, which ended your draw offer" if name == "playing" else ""
        model.command.notice = (
            "Not possible: you have made no move that could be taken back." if name == "clock" else ""
        )
        for sure in (False, True):
            model.command.confirming_resign = sure and model.view.phase == "playing"
            if found := cut(wilhelmina):
                cut_off_in[f"{name}{' sure' if sure else ''}"] = found
    assert not cut_off_in


@pytest.mark.parametrize("kind", ["lost", "closing"])
def test_the_banner(wilhelmina: Person, kind: str) -> None:
    texts = {
        "lost": "Connection lost — reconnecting (3600 s)",
        "closing": "The servers stop for maintenance when all games are over. Please finish yours.",
    }
    wilhelmina.window.banner.show(Banner(kind, texts[kind]))  # type: ignore[arg-type]
    wilhelmina.desk.app.update()
    assert not cut_off(wilhelmina.window.shell)
